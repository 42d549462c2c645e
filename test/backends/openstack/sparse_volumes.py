"""cinder's own FakeLoggingVolumeDriver, plus the calls that it leaves to LVM. What images bring is kept in files and goes on to snapshots,
volumes and images; zeros behind it are nowhere, so that a volume of a GiB does not travel as one. Zeros within it are holes of its file."""
import io
import os
import subprocess

from cinder.tests import fake_driver
from oslo_config import cfg

LEAST = 65536


def kept(thing_id):
    folder = os.path.join(cfg.CONF.state_path, 'contents')
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, thing_id)


def copied(source_id, target_id):
    if os.path.exists(kept(source_id)):
        subprocess.run(['cp', '--sparse=always', kept(source_id), kept(target_id)], check=True)


def forget(thing_id):
    if os.path.exists(kept(thing_id)):
        os.remove(kept(thing_id))


class Sparse(io.FileIO):
    """A file in which zeros are not written."""

    def write(self, data):
        if data.count(0) < len(data):
            return super().write(data)
        self.seek(len(data), os.SEEK_CUR)
        return len(data)


class SparseVolumeDriver(fake_driver.FakeLoggingVolumeDriver):
    def extend_volume(self, volume, new_size):
        pass

    def create_snapshot(self, snapshot):
        copied(snapshot['volume_id'], snapshot['id'])
        return super().create_snapshot(snapshot)

    def create_volume_from_snapshot(self, volume, snapshot):
        copied(snapshot['id'], volume['id'])
        return super().create_volume_from_snapshot(volume, snapshot)

    def create_cloned_volume(self, volume, src_vol):
        copied(src_vol['id'], volume['id'])
        return super().create_cloned_volume(volume, src_vol)

    def delete_snapshot(self, snapshot):
        forget(snapshot['id'])
        return super().delete_snapshot(snapshot)

    def delete_volume(self, volume):
        forget(volume['id'])
        return super().delete_volume(volume)

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        path = kept(volume['id'])
        with Sparse(path, 'w') as file:
            image_service.download(context, image_id, file)
            file.truncate(file.tell())
        disk_format = image_service.show(context, image_id)['disk_format']
        if disk_format != 'raw':
            os.rename(path, path + '.packed')
            subprocess.run(['qemu-img', 'convert', '-f', disk_format, '-O', 'raw', path + '.packed', path], check=True)
            os.remove(path + '.packed')

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        described = {'disk_format': 'raw', 'container_format': 'bare'}
        path = kept(volume['id'])
        with open(path, 'ab') as file:
            file.truncate(max(os.path.getsize(path), LEAST))
        with open(path, 'rb') as file:
            image_service.update(context, image_meta['id'], described, file, purge_props=False)

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return None, False

    def revert_to_snapshot(self, context, volume, snapshot):
        copied(snapshot['id'], volume['id'])

    def retype(self, context, volume, new_type, diff, host):
        return True, None
