import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Training

extension CUDATests {
  @Suite("trainings")
  struct Trainings {
    private static func config(
      _ precision: Precision, _ change: (inout TrainingConfig) -> Void = { _ in }
    ) -> TrainingConfig {
      TinyTraining.config {
        $0.device = device.isCUDA ? .cuda(0) : .cpu
        $0.precision = precision
        change(&$0)
      }
    }

    @Test("have the losses of the CPU in fp32, up to rounding", arguments: [false, true])
    func sameLosses(checkpointing: Bool) throws {
      let training = try TinyTraining()
      let onCPU = try training.train(run: 1).events.steps.map(\.loss)
      let config = Self.config(.fp32) { $0.gradientCheckpointing = checkpointing }
      let here = try training.train(run: 2, config).events.steps.map(\.loss)
      #expect(here.count == onCPU.count)
      for (here, cpu) in zip(here, onCPU) { #expect(abs(here - cpu) <= 1e-3 * cpu) }
    }

    @Test("with all dropouts repeat to the last bit, and differ from those without")
    func dropouts() throws {
      let training = try TinyTraining()
      func losses(run: Int, _ share: Double) throws -> [Double] {
        let config = Self.config(.bf16) {
          $0.deterministic = true
          $0.adaptation.adapterDropout = share
          $0.adaptation.rankDropout = share
          $0.adaptation.moduleDropout = share
          $0.adaptation.scaleWeightNorms = 0.5
          $0.gradientCheckpointing = true
        }
        return try training.train(run: run, config).events.steps.map(\.loss)
      }
      let dropped = try losses(run: 1, 0.3)
      #expect(try losses(run: 2, 0.3) == dropped)
      #expect(try losses(run: 3, 0) != dropped)
    }

    @Test(
      "have nearly the same losses with recorded passes as without",
      arguments: [.fp32, .bf16] as [Precision])
    func recorded(precision: Precision) throws {
      let training = try TinyTraining()
      let config = Self.config(precision) {
        $0.steps = 16
        $0.sampleEvery = 5
        $0.cudaGraphs = false
      }
      try withoutProcessorKernels {
        let plain = try training.train(run: 1, config)
        training.recordsPasses = true
        let recorded = try training.train(run: 2, config)
        #expect(recorded.events.samples == plain.events.samples)
        #expect(recorded.events.steps.count == 16 && plain.events.steps.count == 16)
        let tolerance = precision == .fp32 ? 1e-4 : 1e-2
        for (one, other) in zip(recorded.events.steps, plain.events.steps) {
          #expect(abs(one.loss - other.loss) <= tolerance * other.loss)
        }
        #expect(recorded.events.notes.isEmpty)
      }
    }

    @Test(
      "have nearly the same numbers when passes of five shapes are repeated",
      arguments: [
        PassGraphTests.Form(), PassGraphTests.Form(isFused: false, passes: 2, scalesLoss: true),
        PassGraphTests.Form(dtype: .bfloat16, checkpointing: .blocks, storage: .quantized(.int8)),
      ])
    func repeatedShapes(_ form: PassGraphTests.Form) throws {
      try withoutProcessorKernels {
        let plain = try PassGraphTests.train(form, recorded: false, on: device)
        let repeated = try PassGraphTests.train(form, recorded: true, on: device)
        #expect(repeated.recordings == 5 && repeated.numbers.count == plain.numbers.count)
        let tolerance = form.dtype == .float32 ? 1e-3 : 5e-2
        for (one, other) in zip(repeated.numbers, plain.numbers) {
          #expect(abs(one - other) <= tolerance * abs(other))
        }
      }
    }

    @Test("have the same losses on every rung of the memory ladder, and draw samples there")
    func rungs() throws {
      let training = try TinyTraining()
      let resident = try training.train(run: 1, Self.config(.bf16)).events.steps.map(\.loss)
      for (run, weights) in [FrozenWeights.resident, .offloaded, .int8, .fp8].enumerated() {
        let config = Self.config(.bf16) {
          $0.gradientCheckpointing = true
          $0.frozenWeights = weights
          $0.sampleEvery = 3
        }
        let (outcome, events) = try training.train(run: run + 2, config)
        #expect(outcome == .finished && events.samples == [0, 3, 6])
        let tolerance = [.resident, .offloaded].contains(weights) ? 1e-2 : 0.1
        for (here, there) in zip(events.steps.map(\.loss), resident) {
          #expect(abs(here - there) <= tolerance * there)
        }
      }
    }

    @Test(
      "in half precision have nearly the losses of fp32, draw samples, stop and resume",
      arguments: [Precision.bf16, .fp16])
    func halfPrecision(precision: Precision) throws {
      let training = try TinyTraining()
      let exact = try training.train(run: 2, Self.config(.fp32)).events.steps.map(\.loss)
      let config = Self.config(precision) { $0.sampleEvery = 3 }
      let first = try training.train(run: 1, config) { events, _ in events.steps.count == 3 }
      #expect(first.outcome == .stopped(step: 3))
      let checkpoint = try training.runFolder(1).checkpoint(step: 3)
      let second = try training.train(run: 1, config, from: checkpoint)
      #expect(second.outcome == .finished)
      let steps = first.events.steps + second.events.steps
      #expect(steps.map(\.step) == [1, 2, 3, 4, 5, 6])
      for (half, exact) in zip(steps.map(\.loss), exact) {
        #expect(abs(half - exact) <= 0.1 * exact)
      }
    }

    @Test("with class images and validation images stop and resume")
    func classImages() throws {
      let training = try TinyTraining()
      try training.addValidationImage("a.png", caption: "sks dog, asleep", seed: 11)
      let config = PriorPreservationTests.config {
        $0.device = device.isCUDA ? .cuda(0) : .cpu
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
  }

  /// `deterministic` lasts to the end of the process, so `Scripts/gpu-check` runs this suite in its own.
  @Suite("deterministic trainings")
  struct Determinism {
    @Test(
      "give the same adapter twice, after a stop and a resume, and without recorded passes",
      arguments: [Precision.fp32, .bf16])
    func sameBytes(precision: Precision) throws {
      let training = try TinyTraining()
      let config = TinyTraining.config {
        $0.device = device.isCUDA ? .cuda(0) : .cpu
        $0.precision = precision
        $0.deterministic = true
        $0.steps = 12
      }
      var plain = config
      plain.cudaGraphs = false
      try withoutProcessorKernels {
        try training.train(run: 4, plain)
        training.recordsPasses = true
        for run in [1, 2] { try training.train(run: run, config) }
        try training.train(run: 3, config, stoppedAfter: [2, 9])
      }
      // The settings are in the file, too.
      let hashes = try (1...4).map { try training.adapterHash($0, step: 12) }
      #expect(Set(hashes).count == 1)
      let adapters = try (1...3).map {
        try Data(contentsOf: training.runFolder($0).checkpoint(step: 12).adapter)
      }
      #expect(Set(adapters).count == 1)
    }
  }
}
