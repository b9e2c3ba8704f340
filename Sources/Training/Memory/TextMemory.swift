import NN
import StableDiffusion

/// The paths of layers of the text encoders.
typealias KnownTextLayers = [ModelDirectory.Component: [String]]

/// What text encoders that are trained add to the memory of a training, in numbers.
struct TextMemory {
  /// The frozen weights.
  let weights: Int
  /// The trained parameters.
  let trained: Int

  private let encoders: [CLIPTextConfiguration]
  private let adapters: [AdapterMemory]

  /// Throws `AdapterError` for a target that matches no layer, and for settings that a layer cannot have.
  ///
  /// - Parameters:
  ///   - known: The paths of the layers with adapters of `init_lora`; nil before that is read.
  ///   - onGPU: Whether all rows of the words' tables are in memory. On a CPU most stay in the file.
  init(
    _ config: TrainingConfig, knownLayers known: KnownTextLayers?, model: ModelDirectory,
    onGPU: Bool
  ) throws {
    var (weights, trained) = (0, 0)
    var encoders: [CLIPTextConfiguration] = []
    var adapters: [AdapterMemory] = []
    func add(
      _ encoder: some CLIPTextEncoder, _ configuration: CLIPTextConfiguration,
      _ part: ModelDirectory.Component
    ) throws {
      let words = configuration.vocabSize * configuration.hiddenSize
      weights += encoder.parameters().reduce(0) { $0 + $1.parameter.count } - (onGPU ? 0 : words)
      trained += (config.text.embeddingTokens ?? 0) * configuration.hiddenSize
      if config.text.adaptedParts.contains(part) {
        let stored = known?[part]
        let paths = Set(
          try stored
            ?? encoder.adapterPaths(in: LayerSelection(config.text.textEncoderTargets)))
        let isNew = stored == nil && (config.initLora == nil || known != nil)
        for (path, shape) in encoder.adaptableLayers() where paths.contains(path) {
          if isNew {
            try config.adaptation.adapter.check(config.adapterSettings(of: path), for: shape)
          }
          let adapter = config.adapterMemory(of: path, shape: shape)
          trained += adapter.trained
          adapters.append(adapter)
        }
      }
      encoders.append(configuration)
    }
    for part in config.text.trainedParts {
      if part == .textEncoder, let first = model.textEncoder {
        try add(CLIPTextModel(first), first, part)
      } else {
        let second = model.textEncoder2
        try add(CLIPTextModelWithProjection(second), second, part)
      }
    }
    (self.weights, self.trained, self.encoders) = (weights, trained, encoders)
    self.adapters = adapters
  }

  /// Whether there is one.
  var isTrained: Bool { !encoders.isEmpty }

  /// The activations that the backward pass needs of each encoder: in each block the input, both norms,
  /// queries, keys, values, their result, the sums after both halves, and the wide layer before and after
  /// its activation. What adapters keep comes on top.
  func activations(batch: Int, tokens: Int) -> Int {
    let blocks = encoders.reduce(0) { sum, encoder in
      let values = 9 * encoder.hiddenSize + 3 * encoder.intermediateSize
      return sum + batch * tokens * encoder.numHiddenLayers * values
    }
    return adapters.reduce(blocks) { $0 + $1.keptForEachRow * batch * tokens + $1.kept }
  }
}
