import NN
import StableDiffusion
import Training

/// The adapter of sd-scripts' settings: `network_module` with `network_args`.
struct ImportedNetwork {
  /// Layers of the UNet whose rank is `conv_dim`: its convolutions of 3 x 3.
  private static let convolutions = ["conv1", "conv2", "downsamplers", "upsamplers"]
  private static let presets: [String: AdapterPreset] = [
    "full": .full, "attn-mlp": .attentionFF, "attn-only": .attention,
  ]

  private let isLycoris: Bool
  private var arguments: [(name: String, value: String, setting: ForeignSetting)]

  /// - Parameters:
  ///   - module: `network_module`.
  ///   - arguments: `network_args`, one by one.
  init(_ module: ForeignSetting?, _ arguments: [ForeignSetting], _ draft: inout ImportDraft) {
    isLycoris = module?.value.text == "lycoris.kohya"
    self.arguments = arguments.map { setting in
      let parts = setting.value.text.split(separator: "=", maxSplits: 1).map(String.init)
      return (parts.first ?? "", parts.count == 2 ? parts[1].lowercased() : "", setting)
    }
    if let module, !isLycoris, module.value.text != "networks.lora" {
      draft.note(module, .noCounterpart, "this kind of adapter is not available; a LoRA is trained")
    }
  }

  /// Sets kind, layers and the ranks of convolutions, after rank and alpha.
  mutating func apply(to draft: inout ImportDraft) {
    setKind(&draft)
    setLayers(&draft)
    if let ratio = take("loraplus_unet_lr_ratio") ?? take("loraplus_lr_ratio"),
      let number = Double(ratio.value)
    {
      draft.set(\.optimization.$loraPlusRatio, to: number)
    }
    if let factor = take("factor"), let number = Int(factor.value), number == -1 || number > 0 {
      draft.set(\.adaptation.$lokrFactor, to: number)
    }
    if let both = take("decompose_both") {
      draft.set(\.adaptation.$lokrDecomposeBoth, to: both.value == "true")
    }
    setDropout(&draft)
    for argument in arguments where !Self.isOff(argument.value) {
      draft.note(argument.setting, .noCounterpart, "adapters have no such setting here")
    }
    for argument in arguments where Self.isOff(argument.value) {
      draft.note(argument.setting, .notNeeded, "it is switched off")
    }
  }

  private static func isOff(_ value: String) -> Bool {
    ["false", "0", "0.0", "none"].contains(value)
  }

  private mutating func take(
    _ name: String
  ) -> (name: String, value: String, setting: ForeignSetting)? {
    arguments.firstIndex { $0.name == name }.map { arguments.remove(at: $0) }
  }

  private mutating func setDropout(_ draft: inout ImportDraft) {
    for (name, option) in [
      ("rank_dropout", \TrainingConfig.adaptation.$rankDropout),
      ("module_dropout", \TrainingConfig.adaptation.$moduleDropout),
    ] {
      guard let argument = take(name) else { continue }
      guard let share = Double(argument.value), (0..<1).contains(share) else {
        draft.note(argument.setting, .noCounterpart, "a share is a number from 0 to below 1")
        continue
      }
      if share > 0 { draft.set(option, to: share) }
    }
  }

  private mutating func setKind(_ draft: inout ImportDraft) {
    var method = AdapterMethod.lora
    let algorithm = isLycoris ? take("algo") : nil
    switch algorithm?.value ?? "lora" {
    case "lora", "locon": break
    case "loha": method = .loha
    case "lokr": method = .lokr
    default:
      if let algorithm {
        draft.note(
          algorithm.setting, .noCounterpart,
          "this kind of adapter is not trained here; a LoRA is trained")
      }
    }
    for (name, kind) in [("dora_wd", AdapterMethod.dora), ("rs_lora", .rslora)]
    where method == .lora {
      if let argument = take(name), argument.value == "true" { method = kind }
    }
    if method != .lora { draft.set(\.adaptation.$adapter, to: method) }
  }

  private mutating func setLayers(_ draft: inout ImportDraft) {
    let rank = draft.config.rank
    let convolutions = take("conv_dim")
    let size = convolutions.flatMap { Int($0.value) } ?? (isLycoris ? rank : 0)
    var preset = size > 0 ? AdapterPreset.full : .attentionFF
    if isLycoris, let argument = take("preset") {
      if let known = Self.presets[argument.value] {
        preset = known
      } else {
        draft.note(
          argument.setting, .noCounterpart, "this choice of layers is not known; see targets")
      }
    }
    draft.set(\.adaptation.$targets, to: LayerTargets([preset.rawValue]))
    let alpha = take("conv_alpha")
    guard preset == .full else { return }
    if size != rank {
      let ranks = Dictionary(uniqueKeysWithValues: Self.convolutions.map { ($0, size) })
      draft.set(\.adaptation.$layerRanks, to: LayerNumbers(ranks))
    }
    let same = draft.config.alpha * Double(size) / Double(rank)
    if let alpha, Double(alpha.value) != same {
      draft.note(
        alpha.setting, .approximated,
        "alpha keeps its ratio to the rank, so that of the convolutions is \(same)")
    }
  }
}
