"""Creates, waits, lists, stops, starts and deletes with the Python client that OpenAPI Generator makes.

usage: openapi_generator.py FOLDER_OF_THE_CLIENT BASE_URI
"""

import sys
import uuid

sys.path.insert(0, sys.argv[1])

import openapi_client as cimi

client = cimi.ApiClient(cimi.Configuration(host=sys.argv[2]))
machines = cimi.MachinesApi(client)
jobs = cimi.JobsMetersAndEventsApi(client)


def last(uri):
    return uri.rsplit("/", 1)[1]


def wait(answer, *statuses):
    """Waits for the Job of an answer."""
    assert answer.status_code in statuses, (answer.status_code, answer.data)
    job = jobs.jobs_read(last(answer.headers["CIMI-Job-URI"]), prefer="wait=60")
    assert job.state == "SUCCESS", job


size = machines.machine_configs_list().machine_configurations[0]
image = machines.machine_images_list().machine_images[0]
wanted = cimi.MachineCreate(
    name="generated-openapi-generator",
    machine_template=cimi.MachineTemplateInputReference(
        machine_config=cimi.MachineConfigurationInputReference(href=size.id),
        machine_image=cimi.MachineImageInputReference(href=image.id),
    ),
)
added = machines.machines_add_with_http_info(wanted, idempotency_key=str(uuid.uuid4()))
wait(added, 201, 202)
machine = last(added.headers["Location"])
found = machines.machines_list(filter="name='generated-openapi-generator'")
assert [last(one.id) for one in found.machines] == [machine], found.count

START = cimi.MachineAction(cimi.MachineStartAction(action="http://schemas.dmtf.org/cimi/1/action/start"))
STOP = cimi.MachineAction(cimi.MachineStopAction(action="http://schemas.dmtf.org/cimi/1/action/stop"))
if machines.machines_read(machine).state == "STOPPED":
    wait(machines.machines_act_with_http_info(machine, START), 200, 202)
for action, state in ((STOP, "STOPPED"), (START, "STARTED")):
    wait(machines.machines_act_with_http_info(machine, action), 200, 202)
    assert machines.machines_read(machine).state == state

try:
    machines.machines_act(machine, START)
    raise AssertionError("a started machine was started")
except cimi.ApiException as refused:
    assert refused.status >= 400 and refused.data.state == "FAILED" and refused.data.status_message, refused

wait(machines.machines_delete_with_http_info(machine), 200, 202)
try:
    machines.machines_read(machine)
    raise AssertionError("the machine is still there")
except cimi.exceptions.NotFoundException as gone:
    assert gone.data.status_message, gone
print("done", machine)
