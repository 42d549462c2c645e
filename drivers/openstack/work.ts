import type { CallContext, Created, Driver, WorkHandle, Outcome } from '../../src/clouds/driver';
import { HandleForgotten } from '../../src/clouds/errors';
import { attaching, type AttachWork, detaching } from './attachments';
import type { Wire } from './client';
import { type ContentsWork, copyContents } from './contents-copy';
import { type PartWork, removePart } from './copy-parts';
import type { Flavors } from './configs';
import { type UnplugWork, unplugging } from './interfaces';
import { resize, type ResizeWork } from './machine-actions';
import { dropping, type DropWork } from './machine-delete';
import { Neutron } from './neutron';
import { unbooting, type UnbootWork } from './volumes';
import { extending, type ExtendWork } from './volume-work';

/** All kinds of work that a handle of this driver may name. */
type Work = ResizeWork | DropWork | AttachWork | UnplugWork | ExtendWork | UnbootWork | ContentsWork | PartWork;

/**
 * Looks how far work under way is: each kind is decided by what its service shows now, so that any process can go on with it.
 * Nothing here waits.
 */
export function poller(wire: Wire, flavors: Flavors): NonNullable<Driver['poll']> {
  return (handle: WorkHandle, context: CallContext): Promise<Outcome<Created | void>> => {
    const work = handle as Work;
    switch (work.work) {
      case 'resize':
        return resize(wire, flavors, work, context);
      case 'drop':
        return dropping(wire, work, context);
      case 'attach':
        return attaching(wire, work, context);
      case 'detach':
        return detaching(wire, work, context);
      case 'unplug':
        return unplugging(new Neutron(wire), work, context);
      case 'extend':
        return extending(wire, work, context);
      case 'unboot':
        return unbooting(wire, work, context);
      case 'contents':
        return copyContents(wire, work, context);
      case 'part':
        return removePart(wire, work, context);
      default:
        return Promise.reject(new HandleForgotten('This release of the gateway does not know the work that was begun'));
    }
  };
}
