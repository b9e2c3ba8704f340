package import Options

/// Which layers get an adapter, and of which kind and size.
package struct AdapterOptions: OptionPart {
  package typealias Option<Value: OptionValue> = TrainingConfig.Option<Value>

  @Option(
    .adapter,
    "UNet layers with an adapter. attention: the projections of the attention layers, 560 layers of SDXL. "
      + "attention-ff: all layers of the transformers, 722. full: also the convolutions, 788. Or patterns: "
      + "parts of a layer's path, such as attn2.to_k or down_blocks.1, in which * stands for any characters.",
    Allowed("attention, attention-ff, full, or a list of patterns such as [to_q, to_v]") {
      !$0.names.isEmpty && !$0.names.contains("")
    }, value: "layers", formerly: ["lora_targets"], resume: .never)
  package var targets: LayerTargets = LayerTargets(["attention"])
  @Option(
    .adapter, "Patterns of layers that get no adapter, although `targets` names them.",
    value: "pattern", unset: "none", resume: .never)
  package var excludeTargets: [String] = []
  @Option(
    .adapter,
    "Ranks by patterns of layers, such as {down_blocks.1: 8}, in place of `rank`. The longest pattern that "
      + "matches counts. Alpha keeps its ratio to the rank.",
    Allowed("numbers from 1 to 4096 by patterns") {
      $0.numbers.values.allSatisfy((1...4096).contains)
    }, value: "pattern=rank", unset: "`rank` for all layers", resume: .never)
  package var layerRanks: LayerNumbers<Int> = LayerNumbers([:])
}
