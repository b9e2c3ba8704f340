import Foundation
import NN
import StableDiffusion

/// The ranks, alphas and layers of one part's adapters, with the keys of PEFT's LoraConfig.
struct PEFTConfiguration {
  private let rank: Int
  private let alpha: Double
  private let targets: [String]
  private let rankPattern: [String: Int]
  private let alphaPattern: [String: Double]

  /// - Parameter model: all layers of the model, those without an adapter too.
  init(of adapters: LayerAdapters, in part: ModelDirectory.Component, of model: AdaptableLayers) {
    let ranks = adapters.compactMapValues(\.rank)
    let alphas = adapters.compactMapValues(\.alpha)
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
  }

  private func fields(prefix: String) -> [String: Any] {
    Dictionary(
      uniqueKeysWithValues: [
        ("r", rank as Any), ("lora_alpha", alpha), ("target_modules", targets),
        ("rank_pattern", rankPattern), ("alpha_pattern", alphaPattern),
      ].map { (prefix + $0.0, $0.1) })
  }

  /// The file beside an adapter that PEFT writes: `adapter_config.json`.
  func file() throws -> Data {
    let fixed: [String: Any] = [
      "peft_type": "LORA", "bias": "none", "fan_in_fan_out": false, "inference_mode": true,
      "init_lora_weights": true, "lora_dropout": 0, "use_dora": false, "use_rslora": false,
    ]
    return try JSONSerialization.data(
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
