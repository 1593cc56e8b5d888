"""The sub-commands of `callflow`, a small file each; `callflow.cli` lists them."""
