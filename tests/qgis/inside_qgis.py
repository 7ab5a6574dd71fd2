"""Runs inside QGIS 3.22 and later (Python of the system): opens a project, answers questions, draws pictures.

Arguments: file of the project, JSON list of questions. The last line on standard output is a JSON object: what each
question of that name was answered. This file imports nothing of Yukimichi.
"""

import json
import sys
import time

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsRuleBasedRenderer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def authenticate(authcfg, key):
    """Keep a key as a person does in the options of QGIS: Basic, any user, the key as the password."""
    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("a password of this test", True)
    held = QgsAuthMethodConfig("Basic")
    held.setId(authcfg)
    held.setName("yukimichi")
    held.setConfig("username", "yukimichi")
    held.setConfig("password", key)
    stored = manager.storeAuthenticationConfig(held)
    assert stored if isinstance(stored, bool) else stored[0]


def rules_of(layer):
    """Pairs of a rule's name and expression."""
    renderer = layer.renderer()
    if isinstance(renderer, QgsRuleBasedRenderer):
        return [(rule.label(), rule.filterExpression()) for rule in renderer.rootRule().children()]
    return [(style.styleName(), style.filterExpression()) for style in styles_of(layer)]


def styles_of(layer):
    """Styles of vector tiles. A symbol lives as long as its style is held."""
    renderer = layer.renderer()
    return renderer.styles() if hasattr(renderer, "styles") else []


def computed_of(symbol):
    """The expressions that a symbol is computed by."""
    found = []
    for part in symbol.symbolLayers():
        properties = part.dataDefinedProperties()
        found += [properties.property(key).expressionString() for key in properties.propertyKeys()]
    return found


def expressions_of(layer):
    """Every expression of a layer's look."""
    found = [expression for _, expression in rules_of(layer)]
    styles = styles_of(layer)
    for style in styles:
        found += computed_of(style.symbol())
    if isinstance(layer.renderer(), QgsRuleBasedRenderer):
        for rule in layer.renderer().rootRule().children():
            found += computed_of(rule.symbol())
    labeling = layer.labeling()
    held = labeling.styles() if hasattr(labeling, "styles") else []
    for style in held:
        settings = style.labelSettings()
        found += [style.filterExpression(), settings.fieldName]
    if hasattr(labeling, "settings"):
        settings = labeling.settings()
        found.append(settings.fieldName)
    return found


def describe(project, question):
    """What the project holds, and which of its expressions QGIS cannot read."""
    layers = {}
    for layer in project.mapLayers().values():
        broken = []
        for text in expressions_of(layer):
            expression = QgsExpression(text)
            if text and expression.hasParserError():
                broken.append(text + ": " + expression.parserErrorString())
        layers[layer.id()] = {
            "name": layer.name(), "is_valid": layer.isValid(), "crs": layer.crs().authid(), "broken": broken,
            "attribution": layer.attribution() if hasattr(layer, "attribution") else "",
            "rules": [name for name, _ in rules_of(layer)],
        }  # fmt: skip
    groups = [group.name() for group in project.layerTreeRoot().children()]
    return {"version": Qgis.QGIS_VERSION_INT, "crs": project.crs().authid(), "title": project.title(),
            "groups": groups, "layers": layers}  # fmt: skip


def plain(value):
    """A value as JSON takes it."""
    if value is None or (hasattr(value, "isNull") and value.isNull()):
        return None
    if hasattr(value, "toString"):
        return value.toString("yyyy-MM-ddTHH:mm:ss.zzz")
    return value


def features(project, question):
    """Features of a layer, in a box of degrees: attributes, shape as WKT, and the names of the rules that draw it."""
    layer = project.mapLayer(question["layer"])
    request = QgsFeatureRequest()
    if "box" in question:
        request.setFilterRect(QgsRectangle(*question["box"]))
    context = QgsExpressionContext()
    context.appendScopes(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFields(layer.fields())
    rules = [(name, QgsExpression(expression or "true")) for name, expression in rules_of(layer)]
    for _, expression in rules:
        expression.prepare(context)
    found = []
    for feature in layer.getFeatures(request):
        context.setFeature(feature)
        drawn = [
            name for name, expression in rules
            if expression.evaluate(context)
        ]  # fmt: skip
        names = layer.fields().names()
        found.append({
            "properties": {name: plain(value) for name, value in zip(names, feature.attributes(), strict=True)},
            "wkt": feature.geometry().asWkt(9) if feature.hasGeometry() else None, "drawn": drawn,
            "at_s": time.time(),
        })  # fmt: skip
    return found


def draw(project, question):
    """Draw a box of degrees, shown layers or those that are named, as PNG; the scale that came of it."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(*question["size"]))
    settings.setOutputDpi(question.get("dpi", 96))
    settings.setFlag(QgsMapSettings.Antialiasing, question.get("smooth", True))
    to_map = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), project.crs(), project)
    settings.setExtent(to_map.transformBoundingBox(QgsRectangle(*question["box"])))
    settings.setBackgroundColor(QColor(question.get("background", "#f5f3ee")))
    settings.setFlag(QgsMapSettings.DrawLabeling, question.get("labels", True))
    tree = project.layerTreeRoot().findLayers()
    wanted = question.get("layers")
    shown = [node.layer() for node in tree if (node.isVisible() if wanted is None else node.layerId() in wanted)]
    settings.setLayers([layer for layer in shown if layer.isInScaleRange(settings.scale())])
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.globalScope())
    context.appendScope(QgsExpressionContextUtils.projectScope(project))
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    errors = [error.message for error in job.errors()]
    assert job.renderedImage().save(question["file"])
    return {"scale": settings.scale(), "errors": errors, "layers": [layer.id() for layer in settings.layers()]}


def main():
    """Answer everything."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    questions = json.loads(sys.argv[2])
    for question in questions:
        if question["ask"] == "authenticate":
            authenticate(question["authcfg"], question["key"])
    project = QgsProject.instance()
    answers = {"read": project.read(sys.argv[1])}
    asked = {"describe": describe, "features": features, "draw": draw}
    for question in questions:
        if question["ask"] in asked:
            answers[question.get("name", question["ask"])] = asked[question["ask"]](project, question)
    print(json.dumps(answers))
    sys.stdout.flush()
    project.clear()
    application.exitQgis()


main()
