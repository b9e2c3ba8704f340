import NN
import StableDiffusion
import Torch

/// Keeps a training on the CPU within the memory that its configuration sets. A GPU has its own bounds.
struct MemoryLimit {
  /// The most that tensors and mapped weights may take, in bytes; nil for no limit.
  private let bytes: Int?
  private let processBytes: Int

  init(_ setup: TrainingSetup) {
    processBytes = setup.memory.process
    bytes =
      setup.config.memory == nil || setup.device.isCUDA
      ? nil : setup.memory.budget - processBytes
  }

  /// Starts to count tensors, and limits them. Throws `TorchError`.
  func start() throws(TorchError) { try limit(beside: 0) }

  /// Leaves room for the weights of a model that are mapped from its file. Throws `TorchError`.
  func apply(to unet: UNet2DConditionModel) throws(TorchError) {
    try limit(beside: unet.mappedBytes())
  }

  /// Ends the limit.
  func end() {
    if bytes != nil { Backend.liftMemoryLimit() }
  }

  private func limit(beside mapped: Int) throws(TorchError) {
    guard let bytes else { return }
    guard bytes > mapped else {
      throw TorchError(
        "the program and the weights take \(MemorySize(bytes: processBytes + mapped)), and `memory` is "
          + "\(MemorySize(bytes: processBytes + bytes))", isOutOfMemory: true)
    }
    try Backend.limitMemory(to: bytes - mapped)
  }
}
