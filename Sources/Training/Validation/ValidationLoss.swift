import Datasets
import Failpoints
import NN
import Ranks
import StableDiffusion
import Torch

/// The loss of the validation images, and of as many training images: the unweighted squared error,
/// at the same timesteps and with the same noise in every validation. So two validations differ
/// only in the adapter, while the losses of training steps depend mostly on their timesteps.
struct ValidationLoss {
  /// The number of timesteps per image: the middles of equal parts of the schedule.
  static let strata = 8

  private let data: PreparedData
  private let objective: Objective
  private let timesteps: [Int]
  private let config: TrainingConfig
  private let scale: (Tensor) throws -> Tensor
  private let embedding: (TextPrompt) throws -> PromptEmbedding
  private let ranks: RankGroup?

  /// nil without validation images.
  ///
  /// - Parameters:
  ///   - text: The trained text encoders; nil: embeddings come from the caches.
  ///   - ranks: The ranks that share the work.
  ///   - scale: Shifts and scales latents for the UNet (``AutoencoderKL/scaled(_:)``).
  init?(
    _ data: PreparedData, schedule: NoiseSchedule, config: TrainingConfig, device: Device,
    text: TextTraining? = nil, ranks: RankGroup? = nil,
    scale: @escaping (Tensor) throws -> Tensor
  ) {
    guard !data.validation.isEmpty else { return nil }
    self.data = data
    self.config = config
    self.scale = scale
    self.ranks = ranks
    embedding = text?.embedding ?? data.texts.embedding
    objective = Objective(schedule: schedule, minSNRGamma: nil, device: device)
    timesteps = (0..<Self.strata).map { (2 * $0 + 1) * schedule.count / (2 * Self.strata) }
  }

  /// The losses after `step` optimizer steps. `checkStop` is called before each forward pass, and
  /// its error ends the validation.
  ///
  /// Throws `TrainingError.validationNotFinite`, `TorchError`.
  func callAsFunction(
    _ unet: UNet2DConditionModel, step: Int, checkStop: () throws -> Void
  ) throws -> ValidationReport {
    func means(_ samples: [SampleDeck.Sample]) throws -> [Double] {
      try self.means(samples, unet, step: step, checkStop: checkStop)
    }
    return ValidationReport(
      step: step, validation: try means(data.validation), training: try means(data.compared))
  }

  /// The mean loss over samples at each of the timesteps.
  private func means(
    _ samples: [SampleDeck.Sample], _ unet: UNet2DConditionModel, step: Int,
    checkStop: () throws -> Void
  ) throws -> [Double] {
    let groups = groups(samples)
    let own = groups.indices.filter(ranks.share.contains)
    var losses = [Double](repeating: 0, count: samples.count * timesteps.count)
    func number(_ place: Place) -> Int { place.image * timesteps.count + place.stratum }
    try ranks.together {
      for group in own {
        try checkStop()
        Failpoint.validation.pass()
        let batch = try batch(groups[group], of: samples)
        let found = try noGrad {
          try objective.error(of: batch, by: unet).mean(dims: [1, 2, 3]).doubles()  // [B]
        }
        for (place, loss) in zip(groups[group], found) { losses[number(place)] = loss }
      }
    }
    if let ranks {
      let all = try Tensor(losses, shape: [losses.count])
      try ranks.sum(all)
      losses = try all.doubles()
    }
    var sums = timesteps.map { _ in 0.0 }
    for place in groups.joined() {
      let loss = losses[number(place)]
      guard loss.isFinite else {
        throw TrainingError.validationNotFinite(
          file: samples[place.image].file, timestep: timesteps[place.stratum], step: step)
      }
      sums[place.stratum] += loss
    }
    return sums.map { $0 / Double(samples.count) }
  }

  /// The number of an image and that of a timestep.
  private typealias Place = (image: Int, stratum: Int)

  /// The batches: at most `batch_size` samples each, all of one size.
  private func groups(_ samples: [SampleDeck.Sample]) -> [[Place]] {
    let bySize = Dictionary(grouping: samples.indices) { samples[$0].view.geometry.target }
    return bySize.values.sorted { $0[0] < $1[0] }.flatMap { images in
      let places = images.flatMap { image in timesteps.indices.map { (image, $0) } }
      return stride(from: 0, to: places.count, by: config.batchSize).map { start in
        Array(places[start...].prefix(config.batchSize))
      }
    }
  }

  /// A batch of mean latents, with noise that is a pure function of the run's seed, image and
  /// timestep.
  private func batch(
    _ places: [Place], of samples: [SampleDeck.Sample]
  ) throws -> TrainingBatch {
    let chosen = places.map { samples[$0.image] }
    let images = try chosen.map { try data.latents.latents(of: $0.view) }
    let texts = try TextBatch(
      chosen.map { try embedding($0.text) }, filling: { try embedding(.positive("")) }
    ).embeddings
    let latents = try images.map { try scale($0.posterior.mean) }
    let noise = try zip(places, latents).map { place, latent in
      let seed = CounterRandom.value(
        seed: config.seed, step: place.stratum, sample: place.image, purpose: .validationNoise)
      return try Generator(seed: seed).normal(latent.shape)
    }
    return TrainingBatch(
      latents: try .cat(latents, dim: 0), noise: try .cat(noise, dim: 0),
      timesteps: places.map { timesteps[$0.stratum] },
      embeds: try .cat(texts.map(\.embeds), dim: 0),
      pooled: try .cat(texts.map(\.pooled), dim: 0),
      timeIds: try Tensor(chosen.flatMap(\.sizes.timeIds), shape: [chosen.count, 6]),
      weights: try LossWeights.batch(images, floor: config.maskFloor),
      files: chosen.map(\.file))
  }
}
