"""nova-compute with nova's own fake driver. Its snapshot() leaves the image queued: here bytes are uploaded, as real drivers do. They are
those of the image that the server was made of: nothing runs that could have written others."""
from nova.cmd import compute  # noqa: I100 - first: it chooses between green and native threads

import tempfile

from nova import exception
from nova.image import glance
from nova.virt import fake

fake_snapshot = fake.FakeDriver.snapshot


def write_contents(api, context, image_id, file):
    try:
        image = api.get(context, image_id) if image_id else {}
    except exception.ImageNotFound:  # deleted since: a real driver has the disk all the same
        image = {}
    if image.get('disk_format') != 'raw' or image.get('status') != 'active':
        file.write(b'\0' * 65536)
    else:
        api.download(context, image_id, data=file)
    file.seek(0)


def snapshot(self, context, instance, image_id, update_task_state):
    fake_snapshot(self, context, instance, image_id, update_task_state)
    api = glance.API()
    image = api.get(context, image_id)
    described = {'disk_format': 'raw', 'container_format': 'bare', 'name': image['name'], 'properties': image['properties']}
    with tempfile.TemporaryFile() as file:
        write_contents(api, context, instance.image_ref, file)
        api.update(context, image_id, described, file, purge_props=False)


fake.FakeDriver.snapshot = snapshot
compute.main()
