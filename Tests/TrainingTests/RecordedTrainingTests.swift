import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

/// Trainings whose passes are recorded, with the operations of a GPU.
@Suite("Recorded trainings")
struct RecordedTrainingTests {
  private let training: TinyTraining

  init() throws {
    training = try TinyTraining()
    try training.addValidationImage("a.png", caption: "sks dog, asleep", seed: 11)
  }

  /// Several shapes of batches, with samples, validations and checkpoints between the steps.
  private static let config = PriorPreservationTests.config {
    $0.steps = 20
    $0.gradientAccumulation = 2
    $0.sampleEvery = 6
    $0.validateEvery = 5
    $0.checkpointEvery = 7
  }

  @Test("have the adapter, the losses and the samples of others, also after stops and resumes")
  func sameBytes() throws {
    try withoutProcessorKernels {
      let plain = try training.train(run: 1, Self.config)
      training.recordsPasses = true
      let recorded = try training.train(run: 2, Self.config)
      #expect(recorded.events.steps.map(\.loss) == plain.events.steps.map(\.loss))
      #expect(recorded.events.samples == [0, 6, 12, 18, 20])
      try training.train(run: 3, Self.config, stoppedAfter: [4, 13])
      let files = try (1...3).map { run in
        let folder = training.runFolder(run)
        return try [
          Data(contentsOf: folder.checkpoint(step: 20).adapter),
          Data(contentsOf: folder.sampleGrid(step: 20)),
        ]
      }
      #expect(files[1] == files[0] && files[2] == files[0])
    }
  }

  @Test("go on where the weights of the blocks get another form")
  func stepDown() throws {
    try withoutProcessorKernels {
      let config = TinyTraining.config { $0.steps = 16 }
      func losses(recorded: Bool) throws -> [Double] {
        training.recordsPasses = recorded
        let setup = try training.setup(config)
        let live = try AdapterTraining(
          setup, data: PreparedData(setup, checkStop: {}, report: { _ in }), from: nil)
        let error = TorchError("CUDA out of memory", isOutOfMemory: true)
        return try (0..<16).map { step in
          if [5, 13].contains(step), recorded { #expect(try #require(live.step.graphs).count > 0) }
          // To recomputed feed-forward layers, and later to offloaded weights.
          for _ in 0..<(step == 5 ? 1 : step == 13 ? 2 : 0) {
            _ = try #require(try live.stepDown("step", after: error))
            #expect(!recorded || live.step.graphs?.count == 0)
          }
          return try live.advance(checkStop: {}).loss
        }
      }
      let (recorded, plain) = (try losses(recorded: true), try losses(recorded: false))
      #expect(recorded == plain)
    }
  }
}
