import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Training

/// Tests that need an NVIDIA GPU and are skipped elsewhere.
@Suite("On a GPU", .enabled(if: Device.cudaCount > 0, "no CUDA GPU"))
struct CUDATests {
  @Test("The losses of a training are those of the CPU, up to rounding")
  func sameLosses() throws {
    let training = try TinyTraining()
    let onCPU = try training.train(run: 1).events.steps.map(\.loss)
    let config = TinyTraining.config {
      $0.device = .cuda(0)
      $0.precision = .fp32
    }
    let onGPU = try training.train(run: 2, config).events.steps.map(\.loss)
    #expect(onGPU.count == onCPU.count)
    for (gpu, cpu) in zip(onGPU, onCPU) { #expect(abs(gpu - cpu) <= 1e-2 * cpu) }
  }

  @Test(
    "Half precision, gradient checkpointing, samples, a stop and a resume work",
    arguments: [Precision.bf16, .fp16])
  func halfPrecision(precision: Precision) throws {
    let training = try TinyTraining()
    let config = TinyTraining.config {
      $0.device = .cuda(0)
      $0.precision = precision
      $0.sampleEvery = 3
    }
    let first = try training.train(run: 1, config) { events, _ in events.steps.count == 3 }
    #expect(first.outcome == .stopped(step: 3))
    let checkpoint = try training.runFolder(1).checkpoint(step: 3)
    let second = try training.train(run: 1, config, from: checkpoint)
    #expect(second.outcome == .finished)
    #expect(second.events.steps.map(\.step) == [4, 5, 6])
    #expect(second.events.steps.allSatisfy { $0.loss.isFinite })
  }

  @Test("Class images and validation images work, with a stop and a resume")
  func classImages() throws {
    let training = try TinyTraining()
    try training.addValidationImage("a.png", caption: "sks dog, asleep", seed: 11)
    let config = PriorPreservationTests.config {
      $0.device = .cuda(0)
      $0.precision = .bf16
      $0.validateEvery = 2
    }
    let first = try training.train(run: 1, config) { events, _ in events.steps.count == 3 }
    #expect(first.outcome == .stopped(step: 3))
    let checkpoint = try training.runFolder(1).checkpoint(step: 3)
    let second = try training.train(run: 1, config, from: checkpoint)
    #expect(second.outcome == .finished)
    #expect(second.events.steps.allSatisfy { $0.priorLoss?.isFinite == true })
    let run = training.runFolder(1)
    let history = try run.history(of: run.checkpoint(step: 6).state())
    #expect(history.validation.map(\.step) == [0, 2, 4, 6])
  }

  @Test("An error on autograd's own thread is thrown with its description")
  func errorInBackward() throws {
    struct Planned: Error, CustomStringConvertible { let description = "planned" }
    let leaf = try Tensor.ones([4], device: .cuda(0))
    try leaf.setRequiresGrad(true)
    var runs = 0
    let output = try checkpoint([leaf], trained: []) { inputs in
      runs += 1
      if runs == 2 { throw Planned() }
      return try inputs[0] * 2
    }
    let message = sentence { try output.sum().backward() }
    #expect(runs == 2 && message.contains("planned"))
  }

  @Test("The GPU's memory is measured")
  func memory() throws {
    let before = try Device.cuda(0).allocatedMemory()
    let tensor = try Tensor.zeros([1 << 20], device: .cuda(0))
    let after = try Device.cuda(0).allocatedMemory()
    withExtendedLifetime(tensor) {}
    #expect(after.now - before.now >= 4 << 20 && after.peak >= after.now)
    let memory = try Device.cuda(0).memory()
    #expect(memory.free > 0 && memory.free <= memory.total)
  }

  @Test("Running out of GPU memory is an out-of-memory error")
  func outOfMemory() throws {
    do {
      _ = try Tensor.empty([1 << 44], device: .cuda(0))
      Issue.record("no GPU has 64 TiB")
    } catch {
      #expect(error.isOutOfMemory)
    }
  }
}
