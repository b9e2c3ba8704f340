import StableDiffusion
public import Torch

/// Samples of one size, with all random numbers drawn.
public struct TrainingBatch {
  /// Scaled latents `[B, C, h, w]`, float32.
  public var latents: Tensor
  /// Standard normal noise of the latents' shape, float32.
  public var noise: Tensor
  /// The noise in the UNet's input, of the same shape; nil for `noise`, which is what it predicts.
  public var inputNoise: Tensor?
  /// Timestep of each sample.
  public var timesteps: [Int]
  /// Text embeddings `[B, 77 n, C]` of `n` chunks.
  public var embeds: Tensor
  /// Pooled text embeddings `[B, P]`.
  public var pooled: Tensor
  /// `add_time_ids` `[B, 6]`, float32.
  public var timeIds: Tensor
  /// Weight of each latent pixel's error, `[B, 1, h, w]`; nil for equal weights.
  public var weights: Tensor?
  /// Name of each sample's image, for messages.
  public var files: [String]
  /// The captions, if the text encoders are trained, which then encode them in place of `embeds` and
  /// `pooled`; empty if not.
  var texts: [TextPrompt] = []
  /// Whether each sample has zeros in place of its caption; empty if none has, or `texts` is.
  var dropped: [Bool] = []

  /// Creates a batch of `B` samples.
  public init(
    latents: Tensor, noise: Tensor, inputNoise: Tensor? = nil, timesteps: [Int], embeds: Tensor,
    pooled: Tensor, timeIds: Tensor, weights: Tensor? = nil, files: [String]
  ) {
    self.latents = latents
    self.noise = noise
    self.inputNoise = inputNoise
    self.timesteps = timesteps
    self.embeds = embeds
    self.pooled = pooled
    self.timeIds = timeIds
    self.weights = weights
    self.files = files
  }

  /// The number of samples.
  var count: Int { files.count }

  /// One batch of these samples and then those of `other`; nil if the sizes differ.
  func joined(with other: TrainingBatch) throws -> TrainingBatch? {
    guard latents.shape.dropFirst() == other.latents.shape.dropFirst() else { return nil }
    func join(_ part: (TrainingBatch) -> Tensor) throws -> Tensor {
      try .cat([part(self), part(other)], dim: 0)
    }
    func weights(of batch: TrainingBatch) throws -> Tensor {
      let shape = [batch.count, 1] + batch.latents.shape.suffix(2)
      return try batch.weights ?? .ones(shape, device: batch.latents.device)
    }
    var joined = TrainingBatch(
      latents: try join(\.latents), noise: try join(\.noise),
      inputNoise: inputNoise == nil && other.inputNoise == nil
        ? nil : try join { $0.inputNoise ?? $0.noise },
      timesteps: timesteps + other.timesteps, embeds: try join(\.embeds),
      pooled: try join(\.pooled), timeIds: try join(\.timeIds),
      weights: self.weights == nil && other.weights == nil
        ? nil : try .cat([weights(of: self), weights(of: other)], dim: 0),
      files: files + other.files)
    joined.texts = texts + other.texts
    joined.dropped = dropped.isEmpty ? [] : dropped + other.texts.map { _ in false }
    return joined
  }
}

/// The samples of one forward pass.
public struct TrainingPass {
  /// The subject's samples.
  public var instances: TrainingBatch
  /// The class images of prior preservation; nil without.
  public var classImages: TrainingBatch?
  /// The subject's samples with texts of its class, for which the base model's prediction is kept; nil
  /// without. There are then no class images.
  public var preserved: TrainingBatch?

  /// Creates a pass over the subject's samples, and class images or the samples with texts of the class.
  public init(
    _ instances: TrainingBatch, classImages: TrainingBatch? = nil, preserved: TrainingBatch? = nil
  ) {
    self.instances = instances
    self.classImages = classImages
    self.preserved = preserved
  }

  /// All batches of different samples.
  var batches: [TrainingBatch] { [instances] + (classImages.map { [$0] } ?? []) }

  /// The weights of the parts of a pass that is divided among ranks.
  var weights = PartWeights()
  /// The samples of all ranks; nil if this process has all of them.
  var divided: PassSamples?

  /// The samples of the pass over all ranks.
  var samples: PassSamples {
    divided
      ?? PassSamples(
        files: batches.flatMap(\.files), timesteps: batches.flatMap(\.timesteps),
        texts: batches.flatMap(\.texts))
  }
}

/// How much this rank's samples count in the mean over all ranks. A rank without a sample of its own has one that
/// counts nothing.
struct PartWeights: Hashable {
  /// Of the subject's samples.
  var instances = 1.0
  /// Of class images, or of samples with texts of the class.
  var others = 1.0
}

/// The samples of a pass over all ranks.
struct PassSamples {
  /// Name of each sample's image, for messages.
  var files: [String]
  /// Timestep of each sample.
  var timesteps: [Int]
  /// The captions, if the text encoders are trained; empty if not.
  var texts: [TextPrompt]
}

/// Weights of the loss by masks: 1 where a mask is white, `floor` where it is black (masked
/// training as in kohya's sd-scripts and OneTrainer).
enum LossWeights {
  /// The weights of images of one size, `[B, 1, h, w]`; nil if none has a mask.
  static func batch(_ images: [EncodedImage], floor: Double) throws -> Tensor? {
    guard images.contains(where: { $0.mask != nil }) else { return nil }
    let weights = try images.map { image in
      let size = Array(image.posterior.mean.shape.suffix(2))
      return try image.mask.map { try $0 * (1 - floor) + floor } ?? .ones([1, 1] + size)
    }
    return try .cat(weights, dim: 0)
  }
}
