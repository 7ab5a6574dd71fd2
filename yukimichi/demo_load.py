"""The demo by the ordinary path: generated files, then the same ingest functions that a road manager's files take."""

from __future__ import annotations

from geo.settings import SourceSettings
from ingest.gazetteer import read_gazetteer
from ingest.gazetteer_dictionary import build_dictionary
from ingest.managers import ingest_managers
from ingest.plan_kinds import PlanKind
from ingest.plans import ingest_plans
from ingest.roads import ingest_roads
from yukimichi.context import Context
from yukimichi.demo import DemoFiles, generate_demo
from yukimichi.progress import stage

#: Name of the demo's source, in config.yml too.
SOURCE = "demo"
LAYERS = ("municipalities", "coast", "rivers", "settlements")
PLANS: tuple[PlanKind, ...] = ("routes", "sections", "assignments", "plans", "kmposts", "depots")


def load_demo(context: Context, *, n_edges: int = 70_000) -> DemoFiles:
    """Generate the synthetic prefecture into `home/demo` and take it in: roads, plans, reference layers."""
    source = synthetic_source(context, SOURCE)
    with stage("Demo generated 合成データ生成"):
        files = generate_demo(context.settings.home / "demo", n_edges=n_edges)
    with stage("Roads 道路") as step:
        ingest_roads(context.database, [files.roads], SOURCE, source, progress=step)
    with stage("Plans and layers 計画・レイヤ"):
        for kind in PLANS:
            ingest_plans(context.database, kind, getattr(files, kind), SOURCE, source)
        for layer in LAYERS:
            ingest_plans(context.database, "layer", getattr(files, layer), SOURCE, source, layer=layer)
        ingest_managers(context.database, files.managers, synthetic=True)
    with stage("Address dictionary 住所辞書"):
        build_dictionary(read_gazetteer([files.addresses]), [files.addresses], context.settings.addresses_dir)
    return files


def synthetic_source(context: Context, name: str) -> SourceSettings:
    """The settings of a source that the generator or the simulator feeds: synthetic whatever config.yml says."""
    return context.settings.source(name).model_copy(update={"synthetic": True})
