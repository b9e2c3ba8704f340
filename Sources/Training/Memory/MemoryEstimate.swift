import Drawing
import NN
import StableDiffusion
import Torch

/// The memory that each part of a training takes, in bytes. The parts follow one another, and each
/// frees what the next does not need.
public struct MemoryEstimate: Encodable, Sendable, Equatable {
  /// Encoding the images, and the captions.
  public let images, texts: Int
  /// Steps, with a checkpoint that is written meanwhile.
  public let steps: Int
  /// Samples and class images, which the UNet draws; 0 without.
  public let samples: Int
  /// The side of the squares in which samples are decoded, in pixels; nil for whole pictures.
  public let sampleTile: Int?

  private enum CodingKeys: CodingKey {
    case images, texts, steps, samples
  }

  /// The most of the parts that a rung of the ladder changes.
  var training: Int { max(steps, samples) }

  /// The most of all parts.
  public var peak: Int { max(images, texts, steps, samples) }
}

/// What decides the memory of a training, besides its rung.
struct MemoryUse {
  let model: ModelDirectory
  let device: Device
  let dtype: DType
  /// The latents of the largest image.
  let latents: (height: Int, width: Int)
  let batch: Int
  /// Length of the prompts.
  let tokens: Int
  /// The number of trained parameters.
  let trained: Int
  /// The adapters of the UNet, by the paths of their layers.
  private let adapters: [String: AdapterMemory]
  private let optimizer: OptimizerKind
  /// Whether an average of them is kept.
  let keepsAverage: Bool
  /// Whether samples are drawn with the average in place of the trained parameters, which are copied.
  let drawsWithAverage: Bool
  /// Whether the keys and values of all prompts are computed together.
  let projectsPrompts: Bool
  let savesMeanwhile: Bool
  let samples: Bool
  let drawsClassImages: Bool
  /// The text encoders that are trained.
  let texts: TextMemory
  /// Latents and embeddings that stay in the machine's memory.
  let cached: Int

  /// The numbers of weights: of the UNet, the largest of its blocks, the VAE and the text encoders.
  private let weights: (unet: Int, block: Int, vae: Int, texts: Int)
  private let weightsToStore: [(path: String, parameter: Parameter)]

  init(
    _ config: TrainingConfig, knownLayers: KnownTextLayers?, model: ModelDirectory,
    device: Device, dtype: DType, images: Int?
  ) throws {
    self.model = model
    self.device = device
    self.dtype = dtype
    let side = (config.resolution ?? model.resolution) / model.vae.scale
    latents = (side, side)
    let own = min(config.batchSize, images ?? config.batchSize)
    batch =
      own
      + (config.preservesOutput
        ? own : config.preservesPrior && config.priorImages != 0 ? config.priorBatchSize : 0)
    tokens = 77 * ((config.maxCaptionTokens + 74) / 75)
    let unet = UNet2DConditionModel(model.unet)
    weightsToStore = unet.weightsToStore()
    weights = (
      unet: unet.weightCount, block: unet.largestBlock(),
      vae: AutoencoderKL(model.vae).weightCount, texts: Self.textWeights(model, on: device)
    )
    adapters = try config.adapterMemory(in: unet)
    texts = try TextMemory(config, knownLayers: knownLayers, model: model, onGPU: device.isCUDA)
    trained = texts.trained + adapters.values.reduce(0) { $0 + $1.trained }
    optimizer = config.optimization.optimizer
    keepsAverage = config.optimization.ema != nil
    drawsWithAverage = config.evaluate == .ema
    projectsPrompts = adapters.contains { $0.key.hasSuffix("attn2.to_k") && $0.value.isFused }
    savesMeanwhile = config.checkpointEvery > 0 && config.checkpointEvery < config.steps
    samples = config.sampleEvery > 0
    drawsClassImages = config.drawsClassImages
    cached =
      device.isCUDA ? 0 : Self.cachedBytes(images ?? 0, latents: latents, tokens: tokens, model)
  }

  /// The estimate of a rung. Samples that do not fit into the budget are decoded in squares.
  func estimate(_ rung: MemoryRung, budget: Int) -> MemoryEstimate {
    let size = dtype.itemSize
    let stored = rung.storage.part(of: weightsToStore)
    let frozen = frozenBytes(storing: stored.map(\.parameter), as: rung.storage)
    let activations = model.unet.activations(
      adapters, trainsText: texts.isTrained, batch: batch, latents: latents, tokens: tokens,
      dtype: dtype,
      checkpointing: rung.checkpointing)
    let inUse =
      stored.isEmpty ? 0 : weights.block * size + (device.isCUDA ? 128 << 20 : 0)
    // All projections of the prompt are joined when one of them is stored.
    let joinsPrompts = projectsPrompts && stored.contains { $0.path.hasSuffix("attn2.to_k.weight") }
    let prompts =
      joinsPrompts ? model.unet.promptProjectionWidth * model.unet.crossAttentionDim[0] * size : 0
    let captions = texts.activations(batch: batch, tokens: tokens) * size
    let step = max(activations.kept + activations.work + inUse, prompts) + captions
    let saved = savesMeanwhile ? trained * (keepsAverage ? 8 : 4) + stateBytes : 0
    let drawing = model.unet.drawing(
      batch: 2, latents: latents, tokens: tokens, dtype: dtype)
    let side = latents.height * model.vae.scale
    let encoded = min(side * side, LatentCache.largestWhole)
    let encoding = weights.vae * 4 + model.vae.encodingBytes(pixels: encoded, dtype: .float32)
    let resident = process + adapterBytes + frozen + texts.weights * size + cached
    let copied = drawsWithAverage ? trained * 4 : 0
    let drawn = resident + copied + drawing.kept + max(drawing.work + inUse, prompts)
    func sampling(_ tile: Int?) -> Int {
      let pixels = tile.map { $0 * $0 } ?? side * side
      let decoding = weights.vae * size + model.vae.decodingBytes(pixels: pixels, dtype: dtype)
      return max(drawn, resident + copied + decoding)
    }
    let tiles =
      [nil]
      + [1, 2, 4].map { model.vae.sampleSize / $0 }
      .filter { $0 < side && $0.isMultiple(of: 4 * model.vae.scale) }
    let tile = tiles.first { sampling($0) <= budget } ?? tiles.last ?? nil
    return MemoryEstimate(
      images: process + encoding, texts: process + weights.texts * size,
      steps: resident + step + saved,
      samples: samples || drawsClassImages ? sampling(tile) : 0, sampleTile: tile)
  }

  private static func cachedBytes(
    _ images: Int, latents: (height: Int, width: Int), tokens: Int, _ model: ModelDirectory
  ) -> Int {
    // Mean and log-variance of four channels in float32, and the embedding of a caption.
    let image = 2 * 4 * latents.height * latents.width * 4
    let text = tokens * (model.unet.crossAttentionDim.max() ?? 0) * 4
    let limit = MemoryCache<String, EncodedImage>.standardLimit
    return min(images * image, limit) + min(images * text, limit)
  }

  /// The weights of the text encoders. On a CPU most rows of the words' table stay in the file.
  private static func textWeights(_ model: ModelDirectory, on device: Device) -> Int {
    let configurations = [model.textEncoder, model.textEncoder2].compactMap { $0 }
    let words = configurations.reduce(0) { $0 + $1.vocabSize * $1.hiddenSize }
    return (model.textEncoder.map { CLIPTextModel($0).weightCount } ?? 0)
      + CLIPTextModelWithProjection(model.textEncoder2).weightCount
      - (device.isCUDA ? 0 : words)
  }

  /// The optimizer's state.
  private var stateBytes: Int { Int(Double(trained) * optimizer.stateBytes) }

  /// The trained parameters, their averages and gradients, and the copies that the passes use.
  private var adapterBytes: Int {
    trained * ((keepsAverage ? 12 : 8) + 2 * dtype.itemSize) + stateBytes
  }

  /// What the program itself takes: on a CPU libtorch's code with the kernels that it makes for this
  /// processor, and the memory between tensors, which grows with the adapters, and is more with kinds that
  /// are not fused, since their passes make tensors of more sizes; on a GPU the workspaces of cuBLAS and
  /// cuDNN.
  var process: Int {
    guard !device.isCUDA else { return 64 << 20 }
    let isFused = adapters.values.allSatisfy(\.isFused)
    return ((isFused ? 210 : 310) << 20) + adapterBytes / 2
  }

  /// The bytes of the UNet's weights, some of which are stored in another form.
  private func frozenBytes(storing stored: [Parameter], as storage: WeightStorage) -> Int {
    let size = dtype.itemSize
    let count = stored.reduce(0) { $0 + $1.count }
    let kept = (weights.unet - count) * size
    guard case .quantized = storage else { return kept }
    return kept + count + count * size / 128
  }
}

extension Module {
  /// The number of all weights.
  fileprivate var weightCount: Int { parameters().reduce(0) { $0 + $1.parameter.count } }
}
