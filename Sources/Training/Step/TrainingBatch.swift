import StableDiffusion
public import Torch

/// Samples of one size, everything drawn already.
public struct TrainingBatch {
  /// Scaled latents `[B, C, h, w]`, float32.
  public var latents: Tensor
  /// Standard normal noise of the same shape, float32.
  public var noise: Tensor
  /// A timestep for each sample.
  public var timesteps: [Int]
  /// Text `[B, 77 n, C]`.
  public var embeds: Tensor
  /// Pooled text `[B, P]`.
  public var pooled: Tensor
  /// `add_time_ids` `[B, 6]`, float32.
  public var timeIds: Tensor
  /// What the error of each latent pixel weighs, `[B, 1, h, w]`; nil: all alike.
  public var weights: Tensor?
  /// The file of each sample, for messages.
  public var files: [String]

  /// A batch of `B` samples.
  public init(
    latents: Tensor, noise: Tensor, timesteps: [Int], embeds: Tensor, pooled: Tensor,
    timeIds: Tensor, weights: Tensor? = nil, files: [String]
  ) {
    self.latents = latents
    self.noise = noise
    self.timesteps = timesteps
    self.embeds = embeds
    self.pooled = pooled
    self.timeIds = timeIds
    self.weights = weights
    self.files = files
  }

  /// How many samples.
  var count: Int { files.count }

  /// These samples and then others of the same size as one batch; nil for others of another size.
  func joined(with other: TrainingBatch) throws -> TrainingBatch? {
    guard latents.shape.dropFirst() == other.latents.shape.dropFirst() else { return nil }
    func join(_ part: (TrainingBatch) -> Tensor) throws -> Tensor {
      try .cat([part(self), part(other)], dim: 0)
    }
    func weights(of batch: TrainingBatch) throws -> Tensor {
      let shape = [batch.count, 1] + batch.latents.shape.suffix(2)
      return try batch.weights ?? .ones(shape, device: batch.latents.device)
    }
    return TrainingBatch(
      latents: try join(\.latents), noise: try join(\.noise),
      timesteps: timesteps + other.timesteps, embeds: try join(\.embeds),
      pooled: try join(\.pooled), timeIds: try join(\.timeIds),
      weights: self.weights == nil && other.weights == nil
        ? nil : try .cat([weights(of: self), weights(of: other)], dim: 0),
      files: files + other.files)
  }
}

/// One forward pass's worth of samples.
public struct TrainingPass {
  /// The subject's.
  public var instances: TrainingBatch
  /// The class images of prior preservation, if there are any.
  public var classImages: TrainingBatch?

  /// A pass over the subject's samples, and over class images beside them.
  public init(_ instances: TrainingBatch, classImages: TrainingBatch? = nil) {
    self.instances = instances
    self.classImages = classImages
  }

  /// What all samples come from, for messages.
  var batches: [TrainingBatch] { [instances] + (classImages.map { [$0] } ?? []) }
}

/// What masks make of the loss: where a mask is white the error counts whole, where it is black by
/// `floor` (masked training as in kohya's sd-scripts and OneTrainer).
enum LossWeights {
  /// The weights of some pictures of one size, `[B, 1, h, w]`; nil where none has a mask.
  static func batch(_ pictures: [EncodedPicture], floor: Double) throws -> Tensor? {
    guard pictures.contains(where: { $0.mask != nil }) else { return nil }
    let weights = try pictures.map { picture in
      let size = Array(picture.posterior.mean.shape.suffix(2))
      return try picture.mask.map { try $0 * (1 - floor) + floor } ?? .ones([1, 1] + size)
    }
    return try .cat(weights, dim: 0)
  }
}
