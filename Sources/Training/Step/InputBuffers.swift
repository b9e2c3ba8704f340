import StableDiffusion
import Torch

/// The inputs of a forward pass, on the device.
struct PassInputs {
  let latents: Tensor
  let noise: Tensor
  /// float32 `[B]`.
  let timesteps: Tensor
  /// `[B, 1, 1, 1]`.
  let scales: NoiseScales
  let embeds: Tensor
  let pooled: Tensor
  let timeIds: Tensor
  let weights: Tensor?
  /// Weight of each sample's loss, `[B]`; nil for equal weights.
  let sampleWeights: Tensor?
}

/// The input tensors of forward passes on the device. Passes with the same shapes copy their values
/// into the same tensors, so there is one fixed set of inputs for each shape: a bucket and a number
/// of samples.
final class InputBuffers {
  private struct Place: Hashable {
    let name: String
    let shape: [Int]
    let dtype: DType
  }

  private let device: Device
  private var buffers: [Place: Tensor] = [:]

  init(on device: Device) { self.device = device }

  /// Copies a batch to the device. Overwrites an earlier batch of the same `use` and the same
  /// shapes.
  ///
  /// - Parameters:
  ///   - use: Distinguishes batches that a backward pass needs at the same time.
  ///   - sampleWeights: Weight of each sample's loss; nil for equal weights.
  func place(
    _ batch: TrainingBatch, for use: String, schedule: NoiseSchedule, sampleWeights: [Float]?
  ) throws -> PassInputs {
    func place(_ tensor: Tensor, _ name: String) throws -> Tensor {
      try self.place(tensor, "\(use) \(name)")
    }
    let count = [batch.count]
    let scales = try schedule.scales(batch.timesteps)
    return PassInputs(
      latents: try place(batch.latents, "latents"), noise: try place(batch.noise, "noise"),
      timesteps: try place(
        Tensor(batch.timesteps.map(Float.init), shape: count), "timesteps"),
      scales: NoiseScales(
        signal: try place(scales.signal, "signal"), sigma: try place(scales.sigma, "sigma")),
      embeds: try place(batch.embeds, "embeds"), pooled: try place(batch.pooled, "pooled"),
      timeIds: try place(batch.timeIds, "time ids"),
      weights: try batch.weights.map { try place($0, "weights") },
      sampleWeights: try sampleWeights.map {
        try place(Tensor($0, shape: count), "sample weights")
      })
  }

  private func place(_ tensor: Tensor, _ name: String) throws -> Tensor {
    let place = Place(name: name, shape: tensor.shape, dtype: tensor.dtype)
    let buffer = try buffers[place] ?? .empty(place.shape, dtype: place.dtype, device: device)
    buffers[place] = buffer
    try buffer.copy(from: tensor)
    return buffer
  }
}
