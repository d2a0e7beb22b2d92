"""Each module of a user's class as a block of its own, with plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from archspec.importing.block_names import free_name, snake_case
from archspec.importing.inner_bodies import Body, map_bodies
from archspec.importing.steps import Block, Call, Instance, Network, Step


def with_one_off_blocks(network: Network) -> Network:
    """Replace each instance by the call of a block; equal instances share one."""
    definitions = _Definitions([*network.blocks])
    body = definitions.calls(network.body)
    return replace(network, body=body, blocks=definitions.blocks)


@dataclass
class _Definitions:
    blocks: list[Block] = field(default_factory=list)

    def calls(self, body: Body) -> Body:
        return [self._call(map_bodies(step, self.calls)) for step in body]

    def _call(self, step: Step) -> Step:
        if not isinstance(step, Instance):
            return step
        block = self._block(step)
        return Call(block.name, (), {}, step.label, step.inputs, step.output)

    def _block(self, instance: Instance) -> Block:
        name = snake_case(instance.class_name)
        for block in self.blocks:
            if block.name.startswith(name) and block.body == instance.body:
                return block
        taken = {block.name for block in self.blocks}
        block = Block(free_name(name, taken), (), {}, instance.body)
        self.blocks.append(block)
        return block
