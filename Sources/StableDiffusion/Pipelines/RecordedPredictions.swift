import NN
import Torch

/// The predictions of a UNet for latents and prompts of one shape. They are recorded once and then repeated
/// (``DeviceGraph``), which saves a GPU's host the thousands of operations of a prediction.
final class RecordedPredictions {
  /// A prediction that can be repeated, and its inputs.
  private struct Recording {
    let graph: DeviceGraph
    let latents: Tensor
    let timestep: UploadBuffer
    let conditioning: SamplingConditioning
    /// The conditioning whose values were copied last.
    var current: SamplingConditioning
    let output: Tensor
  }

  private let unet: UNet2DConditionModel
  private var shapes: [[Int]] = []
  /// The predictions of these shapes that were not repeated.
  private var count = 0
  private var recording: Recording?
  private var isEnded = false

  init(of unet: UNet2DConditionModel) { self.unet = unet }

  /// The number of recordings.
  private(set) var recordings = 0

  /// The prediction for latents `[B, C, H, W]` at a timestep, float32 `[1]` on the CPU. Call it inside
  /// `noGrad`.
  func callAsFunction(
    _ latents: Tensor, timestep: Tensor, _ conditioning: SamplingConditioning
  ) throws -> Tensor {
    let shapes = [latents.shape] + conditioning.shapes
    if shapes != self.shapes {
      (self.shapes, count, recording) = (shapes, 0, nil)
      if latents.device.isCUDA { try Backend.emptyCache() }
    }
    if let recording { return try replay(recording, latents, timestep, conditioning) }
    count += 1
    if !isEnded, count > DeviceGraph.runsBefore {
      do {
        return try record(latents, timestep, conditioning)
      } catch is TorchError {
        // What cannot be recorded is run. If that fails, too, its error is thrown.
        isEnded = true
      }
    }
    return try unet(
      latents, timestep: timestep.to(latents.device), prompt: conditioning.prompt,
      addedConditioning: conditioning.added)
  }

  private func record(
    _ latents: Tensor, _ timestep: Tensor, _ conditioning: SamplingConditioning
  ) throws -> Tensor {
    let time = try UploadBuffer(like: [timestep], on: latents.device)
    try time.upload([timestep])
    let (latents, copy) = (try latents.clone(), try conditioning.copied())
    let graph = try DeviceGraph(on: latents.device)
    let output = try graph.record {
      try unet(
        latents, timestep: time.tensors[0], prompt: copy.prompt, addedConditioning: copy.added)
    }
    recording = Recording(
      graph: graph, latents: latents, timestep: time, conditioning: copy, current: conditioning,
      output: output)
    recordings += 1
    return try output.clone()
  }

  private func replay(
    _ recording: Recording, _ latents: Tensor, _ timestep: Tensor,
    _ conditioning: SamplingConditioning
  ) throws -> Tensor {
    try recording.latents.copy(from: latents)
    try recording.timestep.upload([timestep])
    if !recording.current.isSame(as: conditioning) {
      try recording.conditioning.copy(from: conditioning)
      self.recording?.current = conditioning
    }
    try recording.graph.replay()
    return try recording.output.clone()
  }
}

/// Text and sizes of a picture. With guidance this is a batch of 2, the negative prompt first.
struct SamplingConditioning {
  let prompt: PromptContext
  let added: AddedConditioning

  /// The number of predictions.
  var count: Int { added.timeIds.shape[0] }

  /// The shapes of all tensors.
  var shapes: [[Int]] {
    [prompt.hiddenStates.shape, added.textEmbeds.shape, added.timeIds.shape]
  }

  /// Whether the values are in the same tensors.
  func isSame(as other: SamplingConditioning) -> Bool { added.timeIds === other.added.timeIds }

  /// The same values in memory of their own.
  func copied() throws -> SamplingConditioning {
    SamplingConditioning(
      prompt: try prompt.copied(),
      added: AddedConditioning(
        textEmbeds: try added.textEmbeds.clone(), timeIds: try added.timeIds.clone()))
  }

  /// Overwrites the values with those of another one of the same shapes.
  func copy(from other: SamplingConditioning) throws {
    try prompt.copy(from: other.prompt)
    try added.textEmbeds.copy(from: other.added.textEmbeds)
    try added.timeIds.copy(from: other.added.timeIds)
  }
}
