"""Creates, waits, lists, stops, starts and deletes with the client that openapi-python-client makes.

usage: openapi_python_client.py FOLDER_OF_THE_CLIENT BASE_URI
"""

import sys
import uuid

sys.path.insert(0, sys.argv[1])

from cimi_gateway_client import Client
from cimi_gateway_client.api.jobs_meters_and_events import jobs_read
from cimi_gateway_client.api.machines import (
    machine_configs_list,
    machine_images_list,
    machines_act,
    machines_add,
    machines_delete,
    machines_list,
    machines_read,
)
from cimi_gateway_client.models import (
    MachineConfigurationInputReference,
    MachineCreate,
    MachineImageInputReference,
    MachineStartAction,
    MachineStartActionAction,
    MachineStopAction,
    MachineStopActionAction,
    MachineTemplateInputReference,
)

client = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)


def last(uri):
    return uri.rsplit("/", 1)[1]


def wait(answer, *statuses):
    """Waits for the Job of an answer."""
    assert answer.status_code in statuses, (answer.status_code, answer.content)
    job = jobs_read.sync(last(answer.headers["CIMI-Job-URI"]), client=client, prefer="wait=60")
    assert job.state == "SUCCESS", job


size = machine_configs_list.sync(client=client).machine_configurations[0]
image = machine_images_list.sync(client=client).machine_images[0]
wanted = MachineCreate(
    name="generated-python",
    machine_template=MachineTemplateInputReference(
        machine_config=MachineConfigurationInputReference(href=size.id),
        # None is sent as null: it stands for nothing.
        machine_image=MachineImageInputReference(href=image.id, description=None),
    ),
)
added = machines_add.sync_detailed(client=client, body=wanted, idempotency_key=str(uuid.uuid4()))
wait(added, 201, 202)
machine = last(added.headers["Location"])
assert machines_read.sync(machine, client=client).state in ("STARTED", "STOPPED")

found = machines_list.sync(client=client, filter_="name='generated-python'")
assert [last(one.id) for one in found.machines] == [machine], found.count

START = MachineStartAction(action=MachineStartActionAction("http://schemas.dmtf.org/cimi/1/action/start"))
STOP = MachineStopAction(action=MachineStopActionAction("http://schemas.dmtf.org/cimi/1/action/stop"))
if machines_read.sync(machine, client=client).state == "STOPPED":
    wait(machines_act.sync_detailed(machine, client=client, body=START), 200, 202)
for action, state in ((STOP, "STOPPED"), (START, "STARTED")):
    wait(machines_act.sync_detailed(machine, client=client, body=action), 200, 202)
    assert machines_read.sync(machine, client=client).state == state

again = machines_act.sync_detailed(machine, client=client, body=START)
assert again.status_code >= 400 and again.parsed.state == "FAILED" and again.parsed.status_message, again

wait(machines_delete.sync_detailed(machine, client=client), 200, 202)
gone = machines_read.sync_detailed(machine, client=client)
assert gone.status_code == 404 and gone.parsed.status_message, gone
print("done", machine)
