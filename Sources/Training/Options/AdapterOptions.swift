package import NN
package import Options

/// Which layers get an adapter, and of which kind and size.
package struct AdapterOptions: OptionPart {
  package typealias Option<Value: OptionValue> = TrainingConfig.Option<Value>

  @Option(
    .adapter,
    "Kind of adapter. rslora: a LoRA whose output is multiplied by alpha / sqrt(rank). dora: a LoRA with a "
      + "trained size for each output. loha and lokr: products of LyCORIS, which compute the change of a "
      + "layer's whole weight.",
    value: "kind", resume: .never)
  package var adapter: AdapterMethod = .lora
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
  @Option(
    .adapter,
    "First values of a LoRA: gaussian as in diffusers' scripts, kaiming as in sd-scripts, or pissa, the "
      + "largest singular vectors of the weight (Meng et al. 2024), which doubles the rank of the file.",
    value: "name", unset: "gaussian for a LoRA, else as LyCORIS",
    check: { initialization, config in
      let kind = config.adaptation.adapter
      return initialization == nil || [.lora, .rslora].contains(kind)
        ? nil : "null with \(kind.rawValue), since only a LoRA has a choice"
    })
  package var adapterInitialization: LoRAInitialization? = nil
  @Option(
    .adapter,
    "Size of the smaller factor of a lokr. It must divide both sides of every layer. -1: the one closest to "
      + "the square root.",
    Allowed("-1, or a whole number above 0") { $0 == -1 || $0 > 0 }, value: "n", resume: .never)
  package var lokrFactor: Int = -1
  @Option(
    .adapter, "Make the smaller factor of a lokr a product of two matrices, too.", resume: .never)
  package var lokrDecomposeBoth: Bool = false
  @Option(
    .adapter,
    "Share of the values inside an adapter that a training pass leaves out at random: of `down(x)` of a LoRA, "
      + "the input of a dora, the change of the output of a loha or lokr.",
    Allowed("a number from 0 to below 1") { (0..<1).contains($0) }, value: "share")
  package var adapterDropout: Double = 0
  @Option(
    .adapter,
    "Share of a LoRA's ranks that each sample of a pass leaves out at random. Of a dora, loha or lokr, the "
      + "share of a layer's outputs that a pass leaves as they are.",
    Allowed("a number from 0 to below 1") { (0..<1).contains($0) }, value: "share")
  package var rankDropout: Double = 0
  @Option(
    .adapter, "Share of the adapters that a pass leaves out at random.",
    Allowed("a number from 0 to below 1") { (0..<1).contains($0) }, value: "share")
  package var moduleDropout: Double = 0
  @Option(
    .adapter,
    "Largest Frobenius norm of an adapter's change of a weight. After each step, adapters above it are "
      + "scaled down. A usual value is 1.",
    Allowed("a number above 0") { $0 > 0 && $0.isFinite }, value: "norm",
    unset: "no limit",
    check: { limit, config in
      guard limit != nil else { return nil }
      if config.optimization.optimizer == .scheduleFreeAdamW {
        return "null with the optimizer adamw-schedule-free, whose averages it would not limit"
      }
      return config.adaptation.adapterInitialization == .pissa
        ? "null with the initialization pissa, whose first matrices are not small" : nil
    })
  package var scaleWeightNorms: Double? = nil
}
