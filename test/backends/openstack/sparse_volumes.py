"""cinder's own FakeLoggingVolumeDriver, plus the calls that it leaves to LVM: nothing is written anywhere."""
import io

from cinder.tests import fake_driver


class SparseVolumeDriver(fake_driver.FakeLoggingVolumeDriver):
    def extend_volume(self, volume, new_size):
        pass

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        pass

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        described = {'disk_format': 'raw', 'container_format': 'bare'}
        image_service.update(context, image_meta['id'], described, io.BytesIO(b'\0' * 65536), purge_props=False)

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        return None, False

    def revert_to_snapshot(self, context, volume, snapshot):
        pass

    def retype(self, context, volume, new_type, diff, host):
        return True, None
