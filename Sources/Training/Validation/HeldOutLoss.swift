import Datasets
import Failpoints
import NN
import StableDiffusion
import Torch

/// The loss of pictures that are not trained on, and of as many that are: the plain squared error, at
/// the same timesteps and with the same noise in every evaluation, so that two of them differ by the
/// adapter alone. (Losses of single training steps say more about their timestep than about the
/// training.)
struct HeldOutLoss {
  /// Timesteps of each picture, the middles of as many equal parts of the schedule.
  static let strata = 8

  private let data: PreparedData
  private let objective: Objective
  private let timesteps: [Int]
  private let config: TrainingConfig
  private let scale: (Tensor) throws -> Tensor

  /// nil where there are no pictures.
  ///
  /// - Parameter scale: brings latents to the size that the UNet sees.
  init?(
    _ data: PreparedData, schedule: NoiseSchedule, config: TrainingConfig, device: Device,
    scale: @escaping (Tensor) throws -> Tensor
  ) {
    guard !data.heldOut.isEmpty else { return nil }
    self.data = data
    self.config = config
    self.scale = scale
    objective = Objective(schedule: schedule, minSNRGamma: nil, device: device)
    timesteps = (0..<Self.strata).map { (2 * $0 + 1) * schedule.count / (2 * Self.strata) }
  }

  /// The losses after `step` optimizer steps. What `checkStop`, asked before each forward pass, throws
  /// ends it.
  ///
  /// Throws `TrainingError.heldOutNotFinite`, `TorchError`.
  func callAsFunction(
    _ unet: UNet2DConditionModel, step: Int, checkStop: () throws -> Void
  ) throws -> ValidationReport {
    func means(_ samples: [SampleDeck.Sample]) throws -> [Double] {
      try self.means(samples, unet, step: step, checkStop: checkStop)
    }
    return ValidationReport(
      step: step, heldOut: try means(data.heldOut), training: try means(data.compared))
  }

  /// The mean over some pictures at each of the timesteps.
  private func means(
    _ samples: [SampleDeck.Sample], _ unet: UNet2DConditionModel, step: Int,
    checkStop: () throws -> Void
  ) throws -> [Double] {
    var sums = timesteps.map { _ in 0.0 }
    for places in groups(samples) {
      try checkStop()
      Failpoint.validation.pass()
      let batch = try batch(places, of: samples)
      let losses = try noGrad {
        try objective.squaredError(of: batch, by: unet).mean(dims: [1, 2, 3]).doubles()  // [B]
      }
      for (index, loss) in losses.enumerated() {
        guard loss.isFinite else {
          throw TrainingError.heldOutNotFinite(
            file: batch.files[index], timestep: batch.timesteps[index], step: step)
        }
        sums[places[index].stratum] += loss
      }
    }
    return sums.map { $0 / Double(samples.count) }
  }

  /// A picture, by its number, at one of the timesteps.
  private typealias Place = (picture: Int, stratum: Int)

  /// What is evaluated together: at most as many as training has in a pass, all of one size.
  private func groups(_ samples: [SampleDeck.Sample]) -> [[Place]] {
    let bySize = Dictionary(grouping: samples.indices) { samples[$0].view.geometry.target }
    return bySize.values.sorted { $0[0] < $1[0] }.flatMap { pictures in
      let places = pictures.flatMap { picture in timesteps.indices.map { (picture, $0) } }
      return stride(from: 0, to: places.count, by: config.batchSize).map { start in
        Array(places[start...].prefix(config.batchSize))
      }
    }
  }

  /// The most likely latents, with noise that is a pure function of the run's seed and the place.
  private func batch(
    _ places: [Place], of samples: [SampleDeck.Sample]
  ) throws -> TrainingBatch {
    let chosen = places.map { samples[$0.picture] }
    let pictures = try chosen.map { try data.latents.latents(of: $0.view) }
    let texts = try TextBatch(
      chosen.map { try data.texts.embedding($0.text) },
      filling: { try data.texts.embedding(.positive("")) }
    ).embeddings
    let latents = try pictures.map { try scale($0.posterior.mean) }
    let noise = try zip(places, latents).map { place, latent in
      let seed = CounterRandom.value(
        seed: config.seed, step: place.stratum, sample: place.picture, purpose: .heldOutNoise)
      return try Generator(seed: seed).normal(latent.shape)
    }
    return TrainingBatch(
      latents: try .cat(latents, dim: 0), noise: try .cat(noise, dim: 0),
      timesteps: places.map { timesteps[$0.stratum] },
      embeds: try .cat(texts.map(\.embeds), dim: 0),
      pooled: try .cat(texts.map(\.pooled), dim: 0),
      timeIds: try Tensor(chosen.flatMap(\.sizes.timeIds), shape: [chosen.count, 6]),
      weights: try LossWeights.batch(pictures, floor: config.maskFloor),
      files: chosen.map(\.file))
  }
}
