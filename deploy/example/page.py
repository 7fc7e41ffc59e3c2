"""An alliance's overview as one page of a terminal."""
from client import pounds

WIDTH = 100


def line(left, *right):
    figures = "".join(f"{one:>19}" for one in right)
    return f"  {left:<{WIDTH - 2 - len(figures)}.{WIDTH - 2 - len(figures)}}{figures}"


def amounts(item, *names):
    return [pounds(item[name]["amount"]) for name in names]


def source(item):
    return item.get("organisation") or (f"{item['received']} of {item['expected']}" if "received" in item else "-")


def figure(item):
    return f"{item.get('value', '-')}{'%' if item['unit'] == 'percentage' else ''}"


def page(overview):
    alliance = overview["alliance"]
    text = [f"{alliance['name']}: {alliance['status']}, agreement version {alliance['agreementVersion']}, as at {overview['shownAt'][:16].replace('T', ' ')} UTC"]
    text += ["", line("MONEY", "position", "owes")]
    text += [line(f"{one['organisation']} {one['name']}", pounds(one["position"]["amount"]), pounds(-one["owed"]["amount"])) for one in overview["money"]["partners"]]
    text += ["", line("FUNDS", "balance", "held", "available")]
    text += [line(one["code"], *amounts(one, "balance", "held", "available")) for one in overview["money"]["funds"]]
    text += ["", line("BUSINESS CASES", "number", "award", "drawn")]
    text += [line(one["state"], str(one["count"]), *amounts(one, "award", "drawn")) for one in overview["cases"]]
    text += ["", line("DECISIONS DUE", "voted", "by")]
    text += [line(one["title"], f"{one['voted']} of {one['eligible']}", one["deadlineAt"][:10]) for one in overview["decisions"]["items"]]
    text += [] if overview["decisions"]["items"] else [line("none")]
    text += ["", line("RISKS", *(one["band"] for one in overview["risks"]["bands"])), line("in the register", *(str(one["count"]) for one in overview["risks"]["bands"]))]
    text += [line(f"{one['score']:>2}  {one['title']} ({one['owner']})") for one in overview["risks"]["highest"]]
    text += ["", line("INDICATORS", "latest", "variation", "target")]
    text += [line(one["name"], f"{figure(one)} ({source(one)})", one.get("variation", "-"), one.get("target", "-"))
             for one in overview["indicators"]["items"]]
    text += ["", line("SIGNALS", "value", "month", "rule")]
    text += [line(one["name"], f"{figure(one)} ({source(one)})", one["month"], one["kind"]) for one in overview["signals"]["items"]]
    text += [] if overview["signals"]["items"] else [line("none")]
    if "incomplete" in overview:
        text += ["", f"  Not heard in time: {', '.join(overview['incomplete'])}"]
    return "\n".join(text)
