-- Say that other edges are withheld now: whatever was made before is served no more. Params: none. Returns nothing.
UPDATE pub.dataset SET withheld_version = withheld_version + 1
