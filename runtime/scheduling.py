"""MemoryScheduler: between the engine's plans and the memory of the device.

engine = Engine(…, scheduler=MemoryScheduler(memory, catalogue))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.horizon import Use
from graph.order import memory_order
from graph.plan import Plan, Survey
from graph.simulate import Explanation, explain
from runtime.demands import Catalogue, files_of, lora_count, uses_of
from runtime.residency import DeviceMemory

MOST_GROWTH = 4  # a weight stored in 8 bits and computed in float32


@dataclass(frozen=True)
class MemoryScheduler:
    """Implements graph.plan.Scheduler."""

    memory: DeviceMemory
    catalogue: Catalogue

    def arrange(self, survey: Survey, order: tuple[str, ...]) -> tuple[str, ...]:
        """Return the order in which the fewest bytes that are still needed are pushed out."""
        if not self._is_scarce(survey):
            return order
        ledger = self.memory.ledger
        return self.ordered(survey, order, self._uses(survey, order), ledger.budget_bytes)

    def prepare(self, plan: Plan) -> None:
        """Tell the memory what will be used, in order."""
        scarce = self._is_scarce(plan.survey)
        self.memory.expect(self.uses(plan) if scarce else ())

    def uses(self, plan: Plan) -> Sequence[Use]:
        """Return what a plan uses, in its order."""
        return self.along(plan.order, self._uses(plan.survey, plan.order))

    def explain(self, plan: Plan, bytes_per_s: float) -> Explanation:
        """Tell what a plan would move, in its order, on an empty device."""
        uses = self._uses(plan.survey, plan.order)
        nodes = [uses.get(node_id, Use(node_id, ())) for node_id in plan.order]
        ram = self.memory.ram
        return explain(
            nodes,
            self.memory.ledger.budget_bytes,
            bytes_per_s=bytes_per_s,
            ram_budget_bytes=0 if ram is None else ram.ledger.budget_bytes,
        )

    def ordered(
        self, survey: Survey, order: Sequence[str], uses: Mapping[str, Use], budget_bytes: int
    ) -> tuple[str, ...]:
        """Return the order for a budget."""
        chosen = set(order)
        before = {node_id: [source for source in sources_of(survey, node_id) if source in chosen] for node_id in order}
        return memory_order(order, before, uses, budget_bytes, self.memory.ledger.blocks)

    def along(self, order: Sequence[str], uses: Mapping[str, Use]) -> list[Use]:
        """Return the uses in an order of nodes."""
        return [uses[node_id] for node_id in order if node_id in uses]

    def _uses(self, survey: Survey, order: Sequence[str]) -> Mapping[str, Use]:
        uses = uses_of(survey, self.catalogue.find)
        return {node_id: uses[node_id] for node_id in order if node_id in uses}

    def _is_scarce(self, survey: Survey) -> bool:
        """Return whether it could matter what goes and what stays; reading headers costs a second."""
        most = sum(self.catalogue.file_bytes(*file) for file in files_of(survey)) * MOST_GROWTH
        most *= 1 + lora_count(survey)  # each may be there beside the network that it changes
        return most > 0 and most + self.memory.ledger.used_bytes > self.memory.ledger.budget_bytes


def sources_of(survey: Survey, node_id: str) -> list[str]:
    """Return the nodes whose results a node reads, or may read."""
    bound = survey.bound[node_id]
    return [survey.first(link.node_id) for link in (*bound.links, *bound.lazy_links)]
