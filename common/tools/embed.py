#!/usr/bin/env python3
"""Bundles the OpenAPI files and embeds them.

    embed.py ledger build/generated/services/ledger/embedded.h   C header for the service
    embed.py --bundle ledger FILE.json                           the service's bundled document
    embed.py --merged FILE.json                                  all services in one document
    embed.py --description FILE.h                                the same as a C header

A service's file says what is particular to an operation; what follows from an operation's shape
(headers, paging, generic problems) is added here, so that it is said once. Everything that the
dispatcher would refuse at start is refused here already, with the place. See api-spec/README.md."""
import copy
import json
import os
import re
import sys

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVICES = ["membership", "ledger", "reinvestment", "risk", "kpi"]
METHODS = ["get", "put", "post", "patch", "delete"]
ROLES = """anyone partner associate applicant founder left suspended auditor representative alliance-director chair
           finance-lead quality-lead lead-nurse senior-medical-lead""".split()
STATES = ["forming", "active", "closing", "closed"]
SCOPES = """alliances:found membership:read membership:write decisions:open decisions:vote ledger:read
            ledger:write ledger:post reinvestment:read reinvestment:write risk:read risk:write kpi:read
            kpi:write kpi:submit journals:read""".split()
SCHEMA_KEYWORDS = set("""type properties required additionalProperties items minItems maxItems uniqueItems enum
    const pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum format oneOf anyOf
    allOf $ref description title examples default deprecated readOnly minProperties maxProperties
    propertyNames""".split())
FORMATS = {"uuid", "date", "date-time", "uri", "uri-reference", "int32", "int64"}
MAY_HAVE_POSITION = {400, 403, 404, 409, 412, 413, 422, 428, 503}  # refusals made in view of the alliance's state
COMMON = "./common.yaml#/components/"


class SpecError(Exception):
    pass


# --- YAML as JSON sees it ---------------------------------------------------------------------------

class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: no dates, no yes/no, no sexagesimals; a key stands once."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
        ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
        ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
        ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
        ("tag:yaml.org,2002:merge", r"^<<$", "<")]:
    Loader.add_implicit_resolver(tag, re.compile(pattern), list(first))


def construct_mapping(loader, node, deep=False):
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue  # examples: "<<: *risk", then what differs
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise SpecError(f"{key_node.start_mark}: a key is text; quote {key!r}")
        if key in seen:
            raise SpecError(f"{key_node.start_mark}: {key} stands twice")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: construct_mapping(loader, node, True))


def load(name):
    path = os.path.join(ROOT, "api-spec", name)
    with open(path, encoding="utf-8") as file:
        return json.loads(json.dumps(yaml.load(file, Loader)))  # aliases become copies


def problems():
    """slug -> (code, status, title)"""
    with open(os.path.join(ROOT, "common", "problem.def"), encoding="utf-8") as file:
        found = re.findall(r'^PROBLEM\((\w+), (\d+), "([^"]+)", "([^"]+)"\)', file.read(), flags=re.M)
    return {slug: (code, int(status), title) for code, status, slug, title in found if code != "NONE"}


# --- what follows from an operation's shape -----------------------------------------------------------

def parameter(name):
    return {"$ref": COMMON + "parameters/" + name}


def header(name):
    return {"$ref": COMMON + "headers/" + name}


class Bundle:
    def __init__(self, service):
        self.service = service
        self.common = load("common.yaml")
        self.document = load(service + ".yaml")
        self.problems = problems()
        self.components = copy.deepcopy(self.document.get("components", {}))
        for kind, names in self.components.items():
            for name in names:
                if name in self.common["components"].get(kind, {}):
                    raise SpecError(f"components/{kind}/{name} is common.yaml's: use another name")

    # --- references

    def resolve(self, node):
        while "$ref" in node:
            ref = node["$ref"]
            source = self.common if ref.startswith("./common.yaml#") else None
            path = ref.split("#", 1)[1].strip("/").split("/")
            found = source or {"components": self.components}
            try:
                for step in path:
                    found = found[step]
            except KeyError:
                if source is None and path[0] == "components":
                    try:
                        found = self.common
                        for step in path:
                            found = found[step]
                        node = found
                        continue
                    except KeyError:
                        pass
                raise SpecError(f"{ref} leads nowhere") from None
            node = found
        return node

    def localise(self, node):
        """Points references to common.yaml at copies within this document."""
        if isinstance(node, list):
            return [self.localise(item) for item in node]
        if not isinstance(node, dict):
            return node
        ref = node.get("$ref")
        if isinstance(ref, str):
            target = ref.removeprefix("./common.yaml")
            match = re.fullmatch(r"#/components/(\w+)/([A-Za-z0-9._-]+)", target)
            if not match:
                raise SpecError(f"{ref}: references are #/components/<kind>/<name>, here or in ./common.yaml")
            kind, name = match.groups()
            if name not in self.components.get(kind, {}):
                shared = self.common["components"].get(kind, {}).get(name)
                if shared is None:
                    raise SpecError(f"{ref} leads nowhere")
                self.components.setdefault(kind, {})[name] = {}
                self.components[kind][name] = self.localise(shared)
            others = {key: self.localise(value) for key, value in node.items() if key != "$ref"}
            return {"$ref": target, **others}
        return {key: self.localise(value) for key, value in node.items()}

    # --- operations

    def bundle(self):
        document = self.document
        paths = {}
        operation_ids = set()
        for path, item in document.get("paths", {}).items():
            # But for what is asked of the house, whatever its version (NHS England: /_ping, /_status).
            if not path.startswith(("/v1/", "/_")):
                raise SpecError(f"{path}: a path starts with /v1/")
            shared = item.get("parameters", [])
            for method, operation in item.items():
                if method in ("parameters", "summary", "description"):
                    continue
                where = f"{method.upper()} {path}"
                if method not in METHODS:
                    raise SpecError(f"{where}: no such method")
                try:
                    self.operation(path, method, operation, shared)
                except SpecError as error:
                    raise SpecError(f"{where}: {error}") from None
                if operation["operationId"] in operation_ids:
                    raise SpecError(f"{where}: operationId {operation['operationId']} stands twice")
                operation_ids.add(operation["operationId"])
            paths[path] = {key: value for key, value in item.items() if key != "parameters"}
        info = {**document["info"], **self.common["info"]}
        out = {"openapi": "3.1.0", "info": info, "servers": self.common["servers"],
               "security": [{"accessToken": []}],
               "tags": document.get("tags", []), "paths": self.localise(paths)}
        self.components.setdefault("securitySchemes", {}).update(
            copy.deepcopy(self.common["components"]["securitySchemes"]))
        for kind in list(self.components):
            for name in list(self.components[kind]):
                self.components[kind][name] = self.localise(self.components[kind][name])
        out["components"] = {kind: dict(sorted(self.components[kind].items())) for kind in sorted(self.components)}
        for name, schema in out["components"].get("schemas", {}).items():
            check_schema(schema, f"components/schemas/{name}", out)
        self.check_tags(out)
        self.check_used(out)
        return out

    def operation(self, path, method, operation, shared):
        for needed in ("operationId", "summary", "description", "tags", "security", "responses"):
            if needed not in operation and not (needed == "responses" and "x-list" in operation):
                raise SpecError(f"{needed} is missing")
        if not re.fullmatch(r"[a-z][A-Za-z0-9]+", operation["operationId"]):
            raise SpecError(f"operationId {operation['operationId']} is not lowerCamelCase")
        features = self.features(path, method, operation)
        accepts = set(operation.get("requestBody", {}).get("content", {}))
        if accepts and (method == "patch") != ("application/merge-patch+json" in accepts):
            raise SpecError("PATCH, and only PATCH, takes application/merge-patch+json")
        self.check_rights(operation, features)
        self.add_states(operation, features)
        if "x-list" in operation:
            self.list_response(operation)
        self.add_parameters(path, method, operation, shared, features)
        self.add_headers(method, operation, features)
        self.add_problems(operation, features)

    def features(self, path, method, operation):
        features = {"any"}
        if not operation.get("x-without-database"):
            features.add("database")
        elif method != "get" or "{allianceId}" in path:
            raise SpecError("x-without-database is for a GET outside of alliances")
        if operation["security"]:
            features.add("token")
        if "{allianceId}" in path:
            features.add("alliance")
        if "x-list" in operation:
            features.add("list")
        if "requestBody" in operation:
            features.add("body")
        if method != "get":
            features.add("write")
        if method in ("post", "patch"):
            features.add("key")
        if method == "post":
            features.add("key-required")
        if self.versioned(operation):
            features.add("versioned")
        if method == "patch" or (method == "put" and "versioned" in features):
            features.add("if-match")
        if method == "patch":
            features.add("if-match-required")
        return features

    def versioned(self, operation):
        """A resource with an ETag shows the same number as its member `version`."""
        for status in ("200", "201"):
            content = operation.get("responses", {}).get(status, {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            if schema and "version" in self.resolve(schema).get("properties", {}):
                return True
        return False

    def check_rights(self, operation, features):
        scopes = [scope for need in operation["security"] for scope in need.get("accessToken", [])]
        for scope in scopes:
            if scope not in SCOPES:
                raise SpecError(f"there is no scope {scope}")
        if operation["security"] and not scopes:
            raise SpecError("security names no scope")
        roles = operation.get("x-roles", [])
        for role in roles:
            if role not in ROLES:
                raise SpecError(f"there is no role {role}")
        if "alliance" in features and not roles:
            raise SpecError("x-roles is missing")
        for slug in operation.get("x-problems", []):
            if slug not in self.problems:
                raise SpecError(f"there is no problem {slug}")

    def add_states(self, operation, features):
        """What changes an alliance may do so while it is active or closing, unless said otherwise; who reads as a
        partner still reads while suspended."""
        if not {"write", "alliance"} <= features:
            if "x-alliance" in operation:
                raise SpecError("x-alliance is for what changes an alliance")
            if {"partner", "associate"} & set(operation.get("x-roles", [])) and "suspended" not in operation["x-roles"]:
                operation["x-roles"] = operation["x-roles"] + ["suspended"]
            return
        states = operation.setdefault("x-alliance", ["active", "closing"])
        for state in states:
            if state not in STATES:
                raise SpecError(f"an alliance is never {state}")
        if not states:
            raise SpecError("x-alliance names no state")
        if set(states) != set(STATES):
            features.add("states")

    def list_response(self, operation):
        table = operation["x-list"]
        item = table["item"]
        schema = {"$ref": item if "#" in item else "#/components/schemas/" + item}
        columns = table.get("columns") or list(self.columns(schema))
        example = {"items": table.get("example", [])}
        operation["x-csv"] = {"rows": "items", "columns": columns}
        operation["responses"] = {"200": {
            "description": table.get("description", "A page of the list."),
            "headers": {"Link": header("Link")},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object", "additionalProperties": False, "required": ["items"],
                        "properties": {
                            "items": {"type": "array", "maxItems": 1000, "items": schema},
                            "nextCursor": {"$ref": COMMON + "schemas/Cursor"},
                            **({"incomplete": {
                                "type": "array", "maxItems": 5, "description": "Services that did not answer in time.",
                                "items": {"type": "string", "enum": SERVICES}}} if table.get("incomplete") else {}),
                        }},
                    "example": example},
                "text/csv": {"schema": {
                    "type": "string", "maxLength": 4194304, "pattern": r"^[^\u0000]*$",
                    "description": "RFC 4180 with a header line: " + ", ".join(columns) + "."}}}},
            **operation.get("responses", {})}
        del operation["x-list"]
        operation["x-list"] = {"key": table.get("key", "id")}

    def columns(self, schema, prefix="", depth=0):
        """Every member that is not an array, nested ones by their path."""
        for name, member in self.resolve(schema).get("properties", {}).items():
            member = self.resolve(member)
            if member.get("type") == "object" and "properties" in member and depth < 3:
                yield from self.columns(member, f"{prefix}{name}.", depth + 1)
            elif member.get("type") not in ("array", "object"):
                yield prefix + name

    def add_parameters(self, path, method, operation, shared, features):
        own = list(shared) + list(operation.get("parameters", []))
        names = {(self.resolve(p).get("in"), self.resolve(p).get("name")) for p in own}
        in_path = re.findall(r"\{(\w+)\}", path)
        added = []
        if "alliance" in features and ("path", "allianceId") not in names:
            added.append("allianceId")
            names.add(("path", "allianceId"))
        for name in in_path:
            if ("path", name) not in names:
                raise SpecError(f"path parameter {name} is not declared")
        for place, name in names:
            if place == "path" and name not in in_path:
                raise SpecError(f"path parameter {name} is not in the path")
            if place == "header":
                raise SpecError(f"header {name}: headers are added by themselves")
        if "list" in features:
            added += ["limit", "cursor"]
        if "key" in features:
            added.append("IdempotencyKey" if "key-required" in features else "IdempotencyKeyOptional")
        if "if-match" in features:
            added.append("IfMatch" if "if-match-required" in features else "IfMatchOptional")
        if method == "get" and "versioned" in features:
            added.append("IfNoneMatch")
        if "alliance" in features:
            added.append("AccordAfter")
        added += ["XRequestID", "XCorrelationID", "traceparent"]
        operation["parameters"] = own + [parameter(name) for name in added]
        if any(place in ("path", "query") for place, _ in names) or "list" in features:
            features.add("parameters")

    def add_headers(self, method, operation, features):
        for status, response in operation["responses"].items():
            if status not in ("200", "201", "204"):
                raise SpecError(f"response {status}: problems stand in x-problems, 304 comes by itself")
            headers = response.setdefault("headers", {})
            headers["X-Request-ID"] = header("XRequestID")
            headers["RateLimit-Policy"] = header("RateLimitPolicy")
            headers["RateLimit"] = header("RateLimit")
            if "alliance" in features:
                headers["Accord-Sequence"] = header("AccordSequence")
            if "versioned" in features and status in ("200", "201"):
                headers["ETag"] = header("ETag")
            if status == "201":
                headers["Location"] = header("Location")
            if "key" in features:
                headers["Idempotent-Replayed"] = header("IdempotentReplayed")
            for media, content in response.get("content", {}).items():
                if media == "application/json" and not ({"example", "examples"} & set(content)):
                    raise SpecError(f"response {status} has no example")
        if method == "get" and "versioned" in features:
            operation["responses"]["304"] = {
                "description": "It has not changed.",
                "headers": {"X-Request-ID": header("XRequestID"), "ETag": header("ETag"),
                            **({"Accord-Sequence": header("AccordSequence")} if "alliance" in features else {})}}

    def add_problems(self, operation, features):
        generic = self.common["x-generic-problems"]
        slugs = [slug for feature, some in generic.items() if feature in features for slug in some]
        own = operation.setdefault("x-problems", [])
        by_status = {}
        for slug in dict.fromkeys(slugs + own):
            by_status.setdefault(self.problems[slug][1], []).append(slug)
        for status in sorted(by_status):
            operation["responses"][str(status)] = self.problem_response(status, by_status[status], operation, features)

    def problem_response(self, status, slugs, operation, features):
        name = f"{status}-" + "-".join(slugs)
        has_position = "alliance" in features and status in MAY_HAVE_POSITION
        name += "-below-alliance" if has_position else ""
        accepts = list(operation.get("requestBody", {}).get("content", {}))
        if status == 415:
            name += "-patch" if "application/merge-patch+json" in accepts else ""
        responses = self.components.setdefault("responses", {})
        if name not in responses:
            examples = self.components.setdefault("examples", {})
            for slug in slugs:
                code, _, title = self.problems[slug]
                examples[slug] = {"summary": title, "value": {
                    "type": "/problems/" + slug, "title": title, "status": status, "code": code,
                    "requestId": "0193f5a2-8d11-7c3e-9a44-5b6f1f0c2d3e"}}
            headers = {"X-Request-ID": header("XRequestID")}
            if status == 401:
                headers["WWW-Authenticate"] = header("WWWAuthenticate")
            if status in (429, 503):
                headers["Retry-After"] = header("RetryAfter")
            if status == 415:
                headers |= ({"Accept-Patch": header("AcceptPatch")} if name.endswith("patch")
                            else {"Accept-Post": header("AcceptPost")})
                headers["Accept-Encoding"] = header("AcceptEncoding")
            if has_position:
                headers["Accord-Sequence"] = header("AccordSequence")
            if status == 429:
                headers |= {"RateLimit-Policy": header("RateLimitPolicy"), "RateLimit": header("RateLimit")}
            responses[name] = {
                "description": " | ".join(self.problems[slug][2] + "." for slug in slugs),
                "headers": headers,
                "content": {"application/problem+json": {
                    "schema": {"$ref": COMMON + "schemas/Problem"},
                    "examples": {slug: {"$ref": "#/components/examples/" + slug} for slug in slugs}}}}
        return {"$ref": "#/components/responses/" + name}

    # --- checks of the whole

    def check_tags(self, out):
        declared = {tag["name"] for tag in out["tags"]}
        for path, item in out["paths"].items():
            for method, operation in item.items():
                for tag in operation["tags"]:
                    if tag not in declared:
                        raise SpecError(f"{method.upper()} {path}: tag {tag} is not declared")
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    check_schema(media.get("schema", {}), f"{method.upper()} {path} body", out)
                    if not ({"example", "examples"} & set(media)):
                        raise SpecError(f"{method.upper()} {path}: the request body has no example")
                for response in operation["responses"].values():
                    for media in response.get("content", {}).values():
                        check_schema(media.get("schema", {}), f"{method.upper()} {path} response", out)
                for param in operation.get("parameters", []):
                    check_schema(param.get("schema", {}), f"{method.upper()} {path} ?{param.get('name')}", out)

    def check_used(self, out):
        text = json.dumps(out)
        for kind in ("schemas", "parameters", "responses", "headers", "examples"):
            for name in self.document.get("components", {}).get(kind, {}):
                if f'"#/components/{kind}/{name}"' not in text:
                    raise SpecError(f"components/{kind}/{name} is never used")


def check_schema(schema, where, out):
    """The subset of JSON Schema that common/schema.c knows, with a limit on everything."""
    if "$ref" in schema:
        node = out
        for step in schema["$ref"][2:].split("/"):
            node = node.get(step) if isinstance(node, dict) else None
            if node is None:
                raise SpecError(f"{where}: {schema['$ref']} leads nowhere")
        return
    for keyword in schema:
        if keyword not in SCHEMA_KEYWORDS:
            raise SpecError(f"{where}: keyword {keyword} is not in our subset")
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    bounded = {"enum", "const"} & set(schema)
    if schema.get("format", "uuid") not in FORMATS:
        raise SpecError(f"{where}: format {schema['format']} is not in our subset")
    if "string" in types and not bounded and "maxLength" not in schema:
        raise SpecError(f"{where}: a string without maxLength")
    if "integer" in types and not bounded:
        if "minimum" not in schema and "exclusiveMinimum" not in schema:
            raise SpecError(f"{where}: an integer without minimum")
        if "maximum" not in schema and "exclusiveMaximum" not in schema:
            raise SpecError(f"{where}: an integer without maximum")
    if "number" in types:
        raise SpecError(f"{where}: no reals; write decimals as strings")
    if "array" in types and ("maxItems" not in schema or "items" not in schema):
        raise SpecError(f"{where}: an array without items or maxItems")
    if "object" in types:
        extra = schema.get("additionalProperties")
        if extra is None:
            raise SpecError(f"{where}: an object without additionalProperties: false")
        if isinstance(extra, dict):
            check_schema(extra, where + "/*", out)
            if "maxProperties" not in schema:
                raise SpecError(f"{where}: a map without maxProperties")
    for name in schema.get("required", []):
        if "object" in types and name not in schema.get("properties", {}):
            raise SpecError(f"{where}: required {name} is not among the properties")
    for name, member in schema.get("properties", {}).items():
        check_schema(member, f"{where}/{name}", out)
    if isinstance(schema.get("items"), dict):
        check_schema(schema["items"], where + "/[]", out)
    if "propertyNames" in schema:
        check_schema(schema["propertyNames"], where + "/propertyNames", out)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for index, part in enumerate(schema.get(keyword, [])):
            check_schema(part, f"{where}/{keyword}/{index}", out)


# --- all in one --------------------------------------------------------------------------------------

def merged():
    out = None
    operation_ids = {}
    for service in SERVICES:
        if not os.path.exists(os.path.join(ROOT, "api-spec", service + ".yaml")):
            raise SpecError(f"api-spec/{service}.yaml is missing")
        one = Bundle(service).bundle()
        for item in one["paths"].values():
            for operation in item.values():
                name = operation["operationId"]
                if name in operation_ids:
                    raise SpecError(f"operationId {name} is in {operation_ids[name]} and {service}")
                operation_ids[name] = service
        if out is None:
            out = one
            out["info"] = {**one["info"], "title": "Accord", "description": load("common.yaml")["x-description"]}
            continue
        one = rename_clashes(one, out, service)
        for path, item in one["paths"].items():
            if set(out["paths"].get(path, {})) & set(item):
                raise SpecError(f"{path} is in two services")
            out["paths"].setdefault(path, {}).update(item)
        known = {tag["name"] for tag in out["tags"]}
        out["tags"] += [tag for tag in one["tags"] if tag["name"] not in known]
        for kind, names in one["components"].items():
            out["components"].setdefault(kind, {}).update(names)
    return out


def rename_clashes(one, out, service):
    """Two services may use one name for two things: the later one's gets its service's name."""
    known = {f"#/components/{kind}/{name}": value
             for kind, names in out["components"].items() for name, value in names.items()}
    mine = {f"#/components/{kind}/{name}": value
            for kind, names in one["components"].items() for name, value in names.items()}
    clashes = {}
    grown = True
    while grown:  # what refers to something renamed is not the same any more, either
        grown = False
        for reference, value in mine.items():
            text = json.dumps(value)
            if reference not in clashes and reference in known and (
                    known[reference] != value or any(f'"{clash}"' in text for clash in clashes)):
                name = reference.rsplit("/", 1)[1]
                clashes[reference] = service.capitalize() + name[0].upper() + name[1:]
                grown = True
    if not clashes:
        return one

    def rename(node):
        if isinstance(node, list):
            return [rename(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {key: rename(value) for key, value in node.items()}
        if node.get("$ref") in clashes:
            start = node["$ref"].rsplit("/", 1)[0]
            node["$ref"] = f"{start}/{clashes[node['$ref']]}"
        return node

    one = rename(one)
    for kind, names in one["components"].items():
        one["components"][kind] = {clashes.get(f"#/components/{kind}/{name}", name): value
                                   for name, value in names.items()}
    return one


# --- C -------------------------------------------------------------------------------------------------

def c_string(text):
    """Split into short literals: compilers need not take long ones."""
    data = text.encode()
    lines = []
    line = ""
    for byte in data:
        char = chr(byte)
        if char in '\\"':
            line += "\\" + char
        elif 32 <= byte < 127:
            line += char
        else:
            line += f"\\{byte:03o}"
        if len(line) >= 100:
            lines.append(line)
            line = ""
    lines.append(line)
    return "\n".join(f'    "{line}"' for line in lines)


def plan_changes(folder, project):
    path = os.path.join(ROOT, folder, "sqitch.plan")
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [f"{project}:{line.split()[0]}" for line in lines if line and not line.startswith(("%", "#", "@"))]


def write_header(service, target):
    spec = json.dumps(Bundle(service).bundle(), ensure_ascii=False, separators=(",", ":"))
    changes = plan_changes("common/schema", "accord") + plan_changes(f"services/{service}/schema", service)
    guard = f"ACCORD_SERVICES_{service.upper()}_EMBEDDED_H"
    lines = [f"/* Made from api-spec/{service}.yaml and the Sqitch plans. */",
             f"#ifndef {guard}", f"#define {guard}",
             "static const char SERVICE_SPEC[] =", c_string(spec) + ";",
             "static const char *const SERVICE_SCHEMA_CHANGES[] = {"]
    lines += [f'    "{change}",' for change in changes] + ["    0,", "};"]
    lines += ["#endif"]
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def write_description(target):
    text = json.dumps(merged(), ensure_ascii=False, separators=(",", ":"))
    with open(target, "w", encoding="utf-8") as file:
        file.write("/* All services in one document: what /v1/openapi.json answers. */\n"
                   "#ifndef ACCORD_DESCRIPTION_H\n#define ACCORD_DESCRIPTION_H\n"
                   f"static const char API_DESCRIPTION[] =\n{c_string(text)};\n#endif\n")


def write_json(document, target):
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.write("\n")


def main(arguments):
    try:
        match arguments:
            case ["--merged", target]:
                write_json(merged(), target)
            case ["--bundle", service, target]:
                write_json(Bundle(service).bundle(), target)
            case ["--description", target]:
                write_description(target)
            case [service, target] if service in SERVICES:
                write_header(service, target)
            case _:
                sys.exit(__doc__)
    except (SpecError, yaml.YAMLError, OSError) as error:
        sys.exit(f"api-spec: {' '.join(arguments[:-1])}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
