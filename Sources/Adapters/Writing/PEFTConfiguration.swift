import Foundation
import NN
import StableDiffusion

/// The ranks, alphas and layers of one part's adapters, with the keys of PEFT's LoraConfig, LoHaConfig
/// or LoKrConfig.
struct PEFTConfiguration {
  private let type: PEFTType
  private let rank: Int
  private let alpha: Double
  private let targets: [String]
  private let rankPattern: [String: Int]
  private let alphaPattern: [String: Double]
  private let isWeightDecomposed: Bool
  private let lokr: PEFTLoKrSettings?

  /// - Parameters:
  ///   - adapters: adapters of one kind, with alpha equal to the rank. There are settings for LoKr's.
  ///   - model: all layers of the model, those without an adapter too.
  init(of adapters: LayerAdapters, in part: ModelDirectory.Component, of model: AdaptableLayers) {
    type = adapters.values.lazy.compactMap { Swift.type(of: $0).peftType }.first ?? .lora
    lokr = type == .lokr ? PEFTLoKrSettings(adapters) : nil
    let ranks = lokr?.ranks ?? adapters.compactMapValues(\.rank)
    let alphas = lokr?.ranks.mapValues(Double.init) ?? adapters.compactMapValues(\.alpha)
    let (rank, alpha) = (mostFrequent(ranks.values), mostFrequent(alphas.values))
    self.rank = rank ?? 0
    self.alpha = alpha ?? 0
    func pattern<Value: Equatable>(
      _ values: [AdaptableLayers.Layer: Value], besides common: Value?
    ) -> [String: Value] {
      Dictionary(
        uniqueKeysWithValues: values.filter { $0.value != common }.map { ($0.key.path, $0.value) })
    }
    rankPattern = pattern(ranks, besides: rank)
    alphaPattern = pattern(alphas, besides: alpha)
    targets = model.targets(of: Array(adapters.keys), in: part)
    isWeightDecomposed = adapters.values.contains { $0 is DoRA }
  }

  private func fields(prefix: String) -> [String: Any] {
    Dictionary(
      uniqueKeysWithValues: [
        ("r", rank as Any), (type == .lora ? "lora_alpha" : "alpha", alpha),
        ("target_modules", targets), ("rank_pattern", rankPattern),
        ("alpha_pattern", alphaPattern),
      ].map { (prefix + $0.0, $0.1) } + (isWeightDecomposed ? [(prefix + "use_dora", true)] : []))
  }

  /// The keys that are the same for every adapter of the type.
  private var fixed: [String: Any] {
    let all: [String: Any] = ["peft_type": type.rawValue, "inference_mode": true]
    let own: [String: Any] =
      switch type {
      case .lora:
        [
          "bias": "none", "fan_in_fan_out": false, "init_lora_weights": true, "lora_dropout": 0,
          "use_dora": false, "use_rslora": false,
        ]
      case .loha, .lokr:
        [
          "init_weights": true, "module_dropout": 0, "rank_dropout": 0,
          "use_effective_conv2d": false,
        ]
      }
    let settings: [String: Any] =
      lokr.map { ["decompose_both": $0.decomposesBoth, "decompose_factor": $0.factor] } ?? [:]
    return all.merging(own) { $1 }.merging(settings) { $1 }
  }

  /// The file beside an adapter that PEFT writes: `adapter_config.json`.
  func file() throws -> Data {
    try JSONSerialization.data(
      withJSONObject: fixed.merging(fields(prefix: "")) { $1 },
      options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
  }

  /// The value of diffusers' key `lora_adapter_metadata`: one JSON object for all parts, whose keys
  /// begin with the part's name.
  static func header(
    _ parts: [(part: ModelDirectory.Component, configuration: PEFTConfiguration)]
  ) throws -> String {
    let fields = parts.reduce(into: [String: Any]()) { all, part in
      all.merge(part.configuration.fields(prefix: "\(part.part.rawValue).")) { $1 }
    }
    let json = try JSONSerialization.data(
      withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: json, as: UTF8.self)
  }
}

/// The settings of PEFT's LoKrConfig, from which PEFT computes the sizes of each layer's matrices.
struct PEFTLoKrSettings {
  /// `decompose_factor`.
  let factor: Int
  /// `decompose_both`.
  let decomposesBoth: Bool
  /// The rank of each layer. One whose factors are both whole gets a rank that leaves them whole.
  let ranks: [AdaptableLayers.Layer: Int]

  /// Nil if no settings give all layers the sizes that they have.
  init?(_ adapters: LayerAdapters) {
    let lokr = adapters.compactMapValues { $0 as? LoKr }
    let both = lokr.values.contains(where: \.decomposesBoth)
    let sizes = Set(lokr.values.flatMap(\.smallShape)).sorted()
    for factor in [-1] + sizes {
      let ranks = lokr.compactMapValues { $0 }.reduce(into: [AdaptableLayers.Layer: Int]()) {
        $0[$1.key] = $1.value.peftRank(
          for: $1.key.shape, factor: factor, decomposesBoth: both)
      }
      guard ranks.count == adapters.count else { continue }
      self.init(factor: factor, decomposesBoth: both, ranks: ranks)
      return
    }
    return nil
  }

  private init(factor: Int, decomposesBoth: Bool, ranks: [AdaptableLayers.Layer: Int]) {
    self.factor = factor
    self.decomposesBoth = decomposesBoth
    self.ranks = ranks
  }
}
