import { dirname, join } from 'node:path';
import { pythonPackage } from './python-package';

/** Programs and libraries of others that are let loose on the gateway by what is in contrib. */
const ANSIBLE = pythonPackage('ansible-core', '2.19.14');
const LIBCLOUD = pythonPackage('apache-libcloud', '3.9.1');

export const { available: ansibleAvailable, install: installAnsible } = ANSIBLE;
export const { available: libcloudAvailable, install: installLibcloud, python: libcloudPython } = LIBCLOUD;

/** Path of a program of Ansible's. */
export const ansible = (program: string): string => join(dirname(ANSIBLE.python), program);
