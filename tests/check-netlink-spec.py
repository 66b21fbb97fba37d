#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""docs/netlink/qcom_minidump.yaml, the uAPI header and the module's tables of what a request may have agree."""

import os
import re
import sys

import yaml

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
with open("docs/netlink/qcom_minidump.yaml", encoding="utf-8") as file:
    SPEC = yaml.safe_load(file)
with open("include/uapi/linux/qcom_minidump.h", encoding="utf-8") as file:
    HEADER = file.read()
MODULE = ""
for path in ("kmod/netlink.c", "kmod/netlink-request.c"):
    with open(path, encoding="utf-8") as file:
        MODULE += file.read()
problems = []

NLA = {"u32": "NLA_U32", "u64": "NLA_U64", "string": "NLA_POLICY_VALIDATE_FN", "binary": "NLA_POLICY_VALIDATE_FN",
       "nest": "NLA_POLICY_NESTED", "flag": "NLA_FLAG"}


def same(what, spec, code):
    if spec != code:
        problems.append(f"{what}: the spec has {spec}, the code {code}")


def upper(name):
    return name.upper().replace("-", "_")


def enum(name):
    """The enumerators of a uAPI enum in order, without bookkeeping."""
    body = re.search(r"^enum " + name + r" \{\n(.*?)^\};", HEADER, re.S | re.M).group(1)
    entries = re.findall(r"^\t(\w+)( = __)?", body, re.M)
    return [entry for entry, last in entries if not last and not re.search(r"^__|_UNSPEC$", entry)]


def policy(name):
    """Attribute to kind of check in one of the module's policy tables."""
    body = re.search(r"nla_policy " + name + r"\[.*?\] = \{\n(.*?)^\};", MODULE, re.S | re.M).group(1)
    return {attr: kind for attr, kind in re.findall(r"\[QCOM_MINIDUMP_(\w+)\] = (?:\{ \.type = )?(\w+)", body)}


same("family", f'"{SPEC["name"]}"', re.search(r"FAMILY_NAME\s+(\S+)", HEADER).group(1))
for item in SPEC["definitions"]:
    if item["type"] == "const":
        value = re.search(rf"define QCOM_MINIDUMP_{upper(item['name'])}\s+(\d+)", HEADER)
        same(item["name"], item["value"], int(value.group(1)) if value else None)
    else:
        prefix = {"region-state": "REGION", "task-part": "TASK"}[item["name"]]
        same(item["name"], [f"QCOM_MINIDUMP_{prefix}_{upper(e)}" for e in item["entries"]],
             enum("qcom_minidump_" + item["name"].replace("-", "_")))

sets = {s["name"]: s["attributes"] for s in SPEC["attribute-sets"]}
for name, attributes in sets.items():
    same(f"attributes of {name}", [f"QCOM_MINIDUMP_{upper(name)}_A_{upper(a['name'])}" for a in attributes],
         enum(f"qcom_minidump_{name}_attr"))
operations = SPEC["operations"]["list"]
same("commands", [f"QCOM_MINIDUMP_CMD_{upper(o['name'])}" for o in operations], enum("qcom_minidump_cmd"))

tables = {"region-add": "qmd_add_policy", "region-update": "qmd_update_policy", "region-del": "qmd_id_policy",
          "region-get": "qmd_id_policy"}
ops = dict(re.findall(r"QMD_OP\(QCOM_MINIDUMP_CMD_(\w+), \w+\)(?:, QMD_POLICY\((\w+)\))?", MODULE))
same("commands that a request may have", [upper(o["name"]) for o in operations if "do" in o], list(ops))
if not re.search(r"define QMD_OP\(.*\.flags = GENL_ADMIN_PERM\b", MODULE):
    problems.append("the module doesn't ask for admin-perm")
for operation in operations:
    if "do" in operation:
        same(f"flags of {operation['name']}", operation.get("flags"), ["admin-perm"])
        same(f"who may {operation['name']}", "CAP_NET_ADMIN" in operation["doc"], True)
    if operation["name"] not in tables:
        continue
    types = {a["name"]: a["type"] for a in sets[operation["attribute-set"]]}
    prefix = f"{upper(operation['attribute-set'])}_A_"
    same(f"request of {operation['name']}",
         {prefix + upper(a): NLA[types[a]] for a in operation["do"]["request"]["attributes"]},
         policy(tables[operation["name"]]))
    same(f"policy of {operation['name']}", tables[operation["name"]], ops[upper(operation["name"])])
same("request of a task", {f"TASK_A_{upper(a['name'])}": NLA[a["type"]] for a in sets["task"] if a["type"] != "pad"},
     policy("qmd_task_policy"))

print("\n".join(problems) or "spec, header and module agree")
sys.exit(bool(problems))
