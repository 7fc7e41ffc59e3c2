"""Writes promtool's test of every alert: series that make it fire, series that must not, and the time between.
    rules_test.py RULES >tests.yml        Fails when a rule has no case here."""
import json
import sys

import yaml

RISK = 'service="risk", instance="a", job="accord"'
# alert: (series that fire, series that don't, minutes until it fires)
CASES = {
    "AccordServiceDown": ({f"up{{{RISK}}}": "0x60"}, {f"up{{{RISK}}}": "1 0 1x58"}, 2),
    "AccordServiceGone": ({f"up{{{RISK}}}": "0x60", 'up{service="risk", instance="b", job="accord"}': "0x60"},
                          {f"up{{{RISK}}}": "0x60", 'up{service="risk", instance="b", job="accord"}': "1x60"}, 2),
    "AccordNotReady": ({f"accord_ready{{{RISK}}}": "0x60"}, {f"accord_ready{{{RISK}}}": "1x60"}, 2),
    "AccordConsumerStalled": ({f'accord_consumer_stalled{{{RISK}, source="kpi"}}': "1x60"},
                              {f'accord_consumer_stalled{{{RISK}, source="kpi"}}': "0x60"}, 2),
    "AccordJournalLag": ({f'accord_consumer_behind{{{RISK}, source="kpi"}}': "3x60"},
                         {f'accord_consumer_behind{{{RISK}, source="kpi"}}': "3 0 3 0 3 0 3x3 0x40"}, 4),
    "AccordPeerOutOfReach": ({f'accord_consumer_reached{{{RISK}, source="kpi"}}': "0x60"},
                             {f'accord_consumer_reached{{{RISK}, source="kpi"}}': "1x60"}, 3),
    "AccordSweepStopped": ({f"accord_sweep_last_timestamp_seconds{{{RISK}}}": "0x60"},
                           {f"accord_sweep_last_timestamp_seconds{{{RISK}}}": "0+15x60"}, 5),
    "AccordPoolRefuses": ({f"accord_db_refusals_total{{{RISK}}}": "0+1x60"}, {f"accord_db_refusals_total{{{RISK}}}": "7x60"}, 3),
    "AccordPoolWaits": ({f"accord_db_waits_total{{{RISK}}}": "0+300x60"}, {f"accord_db_waits_total{{{RISK}}}": "0+15x60"}, 10),
    "AccordErrors": ({f'accord_requests_total{{{RISK}, status="200"}}': "0+90x60",
                      f'accord_requests_total{{{RISK}, status="503"}}': "0+10x60"},
                     {f'accord_requests_total{{{RISK}, status="200"}}': "0+9990x60",
                      f'accord_requests_total{{{RISK}, status="503"}}': "0+10x60",
                      f'accord_requests_total{{{RISK}, status="404"}}': "0+900x60"}, 5),
    "AccordSlow": ({f'accord_request_duration_seconds_bucket{{{RISK}, le="0.5"}}': "0+90x60",
                    f'accord_request_duration_seconds_bucket{{{RISK}, le="1"}}': "0+100x60",
                    f'accord_request_duration_seconds_bucket{{{RISK}, le="+Inf"}}': "0+100x60"},
                   {f'accord_request_duration_seconds_bucket{{{RISK}, le="0.5"}}': "0+999x60",
                    f'accord_request_duration_seconds_bucket{{{RISK}, le="1"}}': "0+1000x60",
                    f'accord_request_duration_seconds_bucket{{{RISK}, le="+Inf"}}': "0+1000x60"}, 10),
    "AccordCertificateExpires": ({f'accord_certificate_expiry_timestamp_seconds{{{RISK}, file="edge.pem"}}': "1700000x60"},
                                 {f'accord_certificate_expiry_timestamp_seconds{{{RISK}, file="edge.pem"}}': "9000000x60"}, 8),
    "AccordIssuerKeysStale": ({f'accord_issuer_keys_age_seconds{{{RISK}, issuer="i"}}': "0+60x60",
                               f'accord_issuer_keys_failures_total{{{RISK}, issuer="i"}}': "0+1x60"},
                              {f'accord_issuer_keys_age_seconds{{{RISK}, issuer="i"}}': "0+60x60",  # nobody asked for it
                               f'accord_issuer_keys_failures_total{{{RISK}, issuer="i"}}': "3x60"}, 15),
    "AccordMemory": ({f"process_resident_memory_bytes{{{RISK}}}": "420000000x60"},
                     {f"process_resident_memory_bytes{{{RISK}}}": "40000000x60"}, 13),
    "AccordFiles": ({f"process_open_fds{{{RISK}}}": "7000x60"}, {f"process_open_fds{{{RISK}}}": "600x60"}, 8),
    "AccordVersionsMixed": ({'accord_build_info{version="1", instance="a"}': "1x300", 'accord_build_info{version="2", instance="b"}': "1x300"},
                            {'accord_build_info{version="2", instance="a"}': "1x300", 'accord_build_info{version="2", instance="b"}': "1x300"}, 65),
    "AccordDiskFills": ({'node_filesystem_avail_bytes{job="node", mountpoint="/", fstype="ext4"}': "5x60",
                         'node_filesystem_size_bytes{job="node", mountpoint="/", fstype="ext4"}': "100x60"},
                        {'node_filesystem_avail_bytes{job="node", mountpoint="/", fstype="ext4"}': "50x60",
                         'node_filesystem_size_bytes{job="node", mountpoint="/", fstype="ext4"}': "100x60"}, 8),
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in rules]
    assert sorted(names) == sorted(CASES), set(names) ^ set(CASES)
    tests = []
    for name in names:
        for fires, series in zip((True, False), CASES[name][:2]):
            # Which alerts fire, as a query: their labels and words are the rule's own business.
            tests.append({"interval": "15s", "name": f"{name} {'fires' if fires else 'is silent'}",
                          "input_series": [{"series": one, "values": values} for one, values in series.items()],
                          "promql_expr_test": [{
                              "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) > 0 or vector(0)',
                              "eval_time": f"{CASES[name][2]}m",
                              "exp_samples": [{"labels": "{}", "value": 1 if fires else 0}]}]})
    json.dump({"rule_files": [sys.argv[1]], "evaluation_interval": "15s", "tests": tests}, sys.stdout, indent=1)


main()
