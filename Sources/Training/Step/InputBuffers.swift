import StableDiffusion
import Torch

/// The inputs of a forward pass, on the device.
struct PassInputs {
  let latents: Tensor
  let noise: Tensor
  /// The noise in the UNet's input; nil for `noise`.
  let inputNoise: Tensor?
  /// float32 `[B]`.
  let timesteps: Tensor
  /// `[B, 1, 1, 1]`.
  let scales: NoiseScales
  var embeds: Tensor
  var pooled: Tensor
  let timeIds: Tensor
  let weights: Tensor?
  /// The thresholds between small and large errors, `[B, 1, 1, 1]`; nil for errors without one.
  let thresholds: Tensor?
  /// Weight of each sample's loss, `[B]`; nil for equal weights.
  let sampleWeights: Tensor?
  /// The factor of the loss in the backward pass, a scalar.
  let lossScale: Tensor
  /// The memory of these tensors, which later inputs of the same shapes share.
  let buffer: ObjectIdentifier
}

/// The input tensors of forward passes on the device. Passes with the same shapes copy their values
/// into the same memory, so there is one fixed set of inputs for each shape: a bucket and a number of
/// samples. Each pass is one transfer.
final class InputBuffers {
  private struct Layout: Hashable {
    let use: String
    let parts: [Part]

    struct Part: Hashable {
      let shape: [Int]
      let dtype: DType
    }
  }

  private let device: Device
  private var buffers: [Layout: UploadBuffer] = [:]

  init(on device: Device) { self.device = device }

  /// Copies a batch to the device. Overwrites an earlier batch of the same `use` and the same
  /// shapes.
  ///
  /// - Parameters:
  ///   - use: Distinguishes batches that a backward pass needs at the same time.
  ///   - thresholds: The thresholds between small and large errors; nil for errors without one.
  ///   - sampleWeights: Weight of each sample's loss; nil for equal weights.
  ///   - lossScale: The factor of the loss in the backward pass.
  func place(
    _ batch: TrainingBatch, for use: String, schedule: NoiseSchedule, thresholds: [Float]?,
    sampleWeights: [Float]?, lossScale: Double
  ) throws -> PassInputs {
    let count = [batch.count]
    let scales = try schedule.scales(batch.timesteps)
    let timesteps = try Tensor(batch.timesteps.map(Float.init), shape: count)
    let always = [
      batch.latents, batch.noise, timesteps, scales.signal, scales.sigma, batch.embeds,
      batch.pooled, batch.timeIds, try Tensor([Float(lossScale)], shape: []),
    ]
    let optional = [
      batch.weights, batch.inputNoise,
      try thresholds.map { try Tensor($0, shape: count + [1, 1, 1]) },
      try sampleWeights.map { try Tensor($0, shape: count) },
    ]
    let buffer = try upload(always + optional.compactMap(\.self), for: use)
    let placed = buffer.tensors
    var rest = placed.dropFirst(always.count)
    let others = optional.map { $0.flatMap { _ in rest.popFirst() } }
    return PassInputs(
      latents: placed[0], noise: placed[1], inputNoise: others[1], timesteps: placed[2],
      scales: NoiseScales(signal: placed[3], sigma: placed[4]), embeds: placed[5],
      pooled: placed[6], timeIds: placed[7],
      weights: others[0], thresholds: others[2], sampleWeights: others[3],
      lossScale: placed[8], buffer: ObjectIdentifier(buffer))
  }

  private func upload(_ tensors: [Tensor], for use: String) throws -> UploadBuffer {
    let parts = tensors.map { Layout.Part(shape: $0.shape, dtype: $0.dtype) }
    let layout = Layout(use: use, parts: parts)
    let buffer = try buffers[layout] ?? UploadBuffer(like: tensors, on: device)
    buffers[layout] = buffer
    try buffer.upload(tensors)
    return buffer
  }
}
