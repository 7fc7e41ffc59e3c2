#!/usr/bin/env python3
"""What the bundler adds to a spec, and what it refuses, over copies of the worked example in
api-spec/README.md. Prints `N passed, N failed`."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def worked_example():
    with open(os.path.join(ROOT, "api-spec", "README.md"), encoding="utf-8") as file:
        return re.search(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S).group(1)


class Embed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="accord-embed-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("common/tools/embed.py", "common/problem.def", "api-spec/common.yaml"):
            target = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), target)

    def run_embed(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(self.folder, "common/tools/embed.py"), *arguments],
                              capture_output=True, text=True, check=False)

    def write(self, service, text):
        with open(os.path.join(self.folder, "api-spec", service + ".yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def bundle(self, text):
        self.write("risk", text)
        target = os.path.join(self.folder, "risk.json")
        done = self.run_embed("--bundle", "risk", target)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(target, encoding="utf-8") as file:
            return json.load(file)

    def refuse(self, was, becomes, sentence):
        text = worked_example()
        self.assertIn(was, text)
        self.write("risk", text.replace(was, becomes, 1))
        done = self.run_embed("--bundle", "risk", os.path.join(self.folder, "risk.json"))
        self.assertNotEqual(done.returncode, 0, "it was accepted: " + becomes)
        self.assertIn(sentence, done.stderr)

    def test_a_list_has_pages_and_csv(self):
        operation = self.bundle(worked_example())["paths"]["/v1/alliances/{allianceId}/risk/risks"]["get"]
        names = [p.get("name") or p["$ref"].rsplit("/", 1)[1] for p in operation["parameters"]]
        self.assertEqual(names[:4], ["band", "allianceId", "limit", "cursor"])
        self.assertEqual(set(operation["responses"]["200"]["content"]), {"application/json", "text/csv"})
        self.assertEqual(operation["x-csv"]["columns"][2], "score.likelihood")
        self.assertIn("/components/responses/400-", operation["responses"]["400"]["$ref"])
        self.assertIn("invalid-cursor", operation["responses"]["400"]["$ref"])

    def test_what_needs_no_database_is_never_unavailable(self):
        path = "/v1/alliances/{allianceId}/risk/risks"
        operation = self.bundle(worked_example())["paths"][path]["get"]
        self.assertIn("-unavailable-", operation["responses"]["503"]["$ref"])
        self.refuse("operationId: listRisks", "operationId: listRisks\n      x-without-database: true", "outside of alliances")
        outside = re.sub(r"      x-roles: .*\n", "", worked_example()).replace(path, "/_risks")
        free = outside.replace("operationId: listRisks", "operationId: listRisks\n      x-without-database: true")
        self.assertIn("503", self.bundle(outside)["paths"]["/_risks"]["get"]["responses"])
        self.assertNotIn("503", self.bundle(free)["paths"]["/_risks"]["get"]["responses"])

    def test_a_post_takes_a_key_and_says_where_the_new_resource_is(self):
        document = self.bundle(worked_example())
        operation = document["paths"]["/v1/alliances/{allianceId}/risk/risks"]["post"]
        references = [p.get("$ref", "") for p in operation["parameters"]]
        self.assertIn("#/components/parameters/IdempotencyKey", references)
        self.assertLessEqual({"Location", "ETag", "Accord-Sequence", "Idempotent-Replayed"},
                             set(operation["responses"]["201"]["headers"]))
        self.assertEqual({"400", "401", "403", "404", "406", "409", "413", "415", "422", "429", "500", "503"},
                         set(operation["responses"]) - {"201"})
        conflict = document["components"]["responses"][operation["responses"]["409"]["$ref"].rsplit("/", 1)[1]]
        self.assertEqual(set(conflict["content"]["application/problem+json"]["examples"]),
                         {"request-running", "alliance-not-active"})

    def test_what_changes_something_says_in_which_states_of_the_alliance_it_may(self):
        path = "/v1/alliances/{allianceId}/risk/risks"
        operations = self.bundle(worked_example())["paths"][path]
        self.assertEqual(operations["post"]["x-alliance"], ["active", "closing"])
        self.assertNotIn("x-alliance", operations["get"])
        self.assertEqual(operations["get"]["x-roles"], ["partner", "associate", "auditor", "suspended"])
        self.assertEqual(operations["post"]["x-roles"], ["representative", "quality-lead"])
        roles = "      x-roles: [representative, quality-lead]\n"
        always = worked_example().replace(roles, roles + "      x-alliance: [forming, active, closing, closed]\n")
        self.assertNotIn("alliance-not-active", self.bundle(always)["paths"][path]["post"]["responses"]["409"]["$ref"])
        self.refuse(roles, roles + "      x-alliance: [asleep]\n", "never asleep")
        self.refuse(roles, roles + "      x-alliance: []\n", "names no state")
        self.refuse("      x-list:\n", "      x-alliance: [active]\n      x-list:\n", "for what changes an alliance")

    def test_every_reference_of_a_bundle_stays_within_it(self):
        document = self.bundle(worked_example())
        for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
            node = document
            for step in reference.removeprefix("#/").split("/"):
                node = node[step]

    def test_what_the_dispatcher_would_not_understand_is_refused(self):
        self.refuse("minimum: 1, maximum: 5}", "minimum: 1, maximum: 5, multipleOf: 2}", "multipleOf")
        self.refuse("x-roles: [representative, quality-lead]", "x-roles: [king]", "no role king")
        self.refuse("[risk:write]", "[risk:wirte]", "no scope risk:wirte")
        self.refuse("x-problems: [personal-data]", "x-problems: [personal-date]", "no problem personal-date")
        self.refuse("band: {type: string, enum: [low, moderate, high, extreme]}\n        createdAt",
                    "band: {type: string}\n        createdAt", "without maxLength")
        self.refuse("{type: integer, format: int32, minimum: 1, maximum: 5}", "{type: integer, minimum: 1}",
                    "without maximum")
        self.refuse("      additionalProperties: false\n", "", "without additionalProperties")
        self.refuse("schemas/Score'}\n    Risk", "schemas/Scoer'}\n    Risk", "leads nowhere")
        self.refuse("tags: [Risks]", "tags: [Risk]", "tag Risk is not declared")
        self.refuse("operationId: logRisk", "operationId: listRisks", "stands twice")
        self.refuse("          application/json:\n            schema: {$ref: '#/components/schemas/NewRisk'}",
                    "          application/merge-patch+json:\n            schema: {$ref: '#/components/schemas/NewRisk'}",
                    "merge-patch")
        self.refuse("'201':", "'404':", "problems stand in x-problems")
        self.refuse("  schemas:\n", "  schemas:\n    Money: {type: string, maxLength: 5}\n", "common.yaml's")

    def test_a_key_stands_once_and_a_date_is_text(self):
        self.refuse("      summary: Log a risk\n", "      summary: Log a risk\n      summary: Log a risk\n", "stands twice")
        document = self.bundle(worked_example().replace("createdAt: '2026-04-01T09:30:00.000Z'",
                                                        "createdAt: 2026-04-01T09:30:00.000Z"))
        self.assertIn('"createdAt": "2026-04-01T09:30:00.000Z"', json.dumps(document))

    def test_one_name_for_two_things_gets_its_services_name(self):
        example = worked_example()
        for service in ("membership", "ledger", "reinvestment", "risk", "kpi"):
            text = (example.replace("/risk/risks", f"/{service}/risks").replace("listRisks", f"list{service}")
                    .replace("logRisk", f"log{service}"))
            if service == "kpi":
                text = text.replace("maximum: 5}", "maximum: 6}")
            self.write(service, text)
        target = os.path.join(self.folder, "all.json")
        done = self.run_embed("--merged", target)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(target, encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual(len(document["paths"]), 5)
        schemas = document["components"]["schemas"]
        self.assertEqual(schemas["Score"]["properties"]["likelihood"]["maximum"], 5)
        self.assertEqual(schemas["KpiScore"]["properties"]["likelihood"]["maximum"], 6)
        # and so does what refers to it
        self.assertEqual(schemas["NewRisk"]["properties"]["score"]["$ref"], "#/components/schemas/Score")
        self.assertEqual(schemas["KpiNewRisk"]["properties"]["score"]["$ref"], "#/components/schemas/KpiScore")
        body = document["paths"]["/v1/alliances/{allianceId}/kpi/risks"]["post"]["requestBody"]
        self.assertEqual(body["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/KpiNewRisk")


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Embed))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad != 0)
