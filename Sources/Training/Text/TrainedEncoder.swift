import Adapters
import Datasets
import NN
import StableDiffusion
import Torch

/// A text encoder that is trained: its frozen weights in memory, and the adapters in its layers. It has none
/// if only the vectors of a new word are trained.
struct TrainedEncoder {
  /// `text_encoder` or `text_encoder_2`.
  let part: ModelDirectory.Component
  /// Its place among the encoders of the model, 0 or 1.
  let index: Int
  let model: any CLIPTextEncoder
  /// The adapted layers.
  let sites: [AdapterSite]

  /// Loads an encoder and attaches adapters: those of `init_lora`, or new ones. Throws `ModelError`,
  /// `WeightsError`, `AdapterError`, `TorchError`.
  init(_ part: ModelDirectory.Component, of setup: TrainingSetup) throws {
    self.part = part
    index = part == .textEncoder ? 0 : 1
    model =
      part == .textEncoder
      ? try setup.model.loadTextEncoder(dtype: setup.dtype, device: setup.device)
      : try setup.model.loadTextEncoder2(dtype: setup.dtype, device: setup.device)
    sites =
      setup.config.text.adaptedParts.contains(part)
      ? try Self.attachAdapters(to: model, part, index, setup) : []
  }

  /// An encoder with adapters.
  init(_ part: ModelDirectory.Component, model: any CLIPTextEncoder, sites: [AdapterSite]) {
    self.part = part
    index = part == .textEncoder ? 0 : 1
    self.model = model
    self.sites = sites
  }

  /// The trained tensors with names that no other part has.
  var tensors: [(name: String, tensor: Tensor)] {
    sites.flatMap(\.tensors).map { (prefix + $0.name, $0.tensor) }
  }

  /// The beginning of the tensors' names.
  var prefix: String { "\(part.rawValue)." }

  /// The same encoder with other adapters. Throws what `replace` throws.
  func replacingSites(
    _ replace: ([AdapterSite]) throws -> [AdapterSite]
  ) rethrows -> TrainedEncoder {
    TrainedEncoder(part, model: model, sites: try replace(sites))
  }

  private static func attachAdapters(
    to model: any CLIPTextEncoder, _ part: ModelDirectory.Component, _ index: Int,
    _ setup: TrainingSetup
  ) throws -> [AdapterSite] {
    let config = setup.config
    if let layers = setup.initialAdapter?.textLayers[part], !layers.isEmpty {
      var adapters: [String: any AdapterKind] = [:]
      for (layer, adapter) in layers {
        adapters[layer.path] = try adapter.mapTensors { try $0.clone().to(setup.device) }
      }
      return try model.attachAdapters(adapters)
    }
    return try model.attachAdapters(
      config.adaptation.adapter.kind, to: LayerSelection(config.text.textEncoderTargets),
      settings: config.adapterSettings
    ) { site in
      try Generator(
        seed: CounterRandom.value(
          seed: config.seed, step: index, sample: site, purpose: .textAdapter))
    }
  }
}
