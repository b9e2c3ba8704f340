import Foundation
import NN
import Options
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite("Memory ladder")
struct MemoryLadderTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// A batch whose activations are much more than the rest.
  private func ladder(_ change: (inout TrainingConfig) -> Void = { _ in }) throws -> MemoryLadder {
    let config = TinyTraining.config {
      $0.batchSize = 8
      change(&$0)
    }
    return try training.setup(config).memory
  }

  private func rung(_ change: @escaping (inout TrainingConfig) -> Void) throws -> MemoryRung {
    let setup = try training.setup(TinyTraining.config(change))
    return MemoryRung(setup.config)
  }

  @Test("Keeping the base model's output takes the memory of a batch of twice the size")
  func output() throws {
    try Data("class_word: dog\n".utf8)
      .write(to: training.dataset.appending(path: Subject.fileName))
    for number in 3..<6 {
      try training.writeImage("\(number).png", width: 64, height: 64, seed: number)
    }
    let kept = try ladder {
      $0.priorImages = nil
      $0.batchSize = 3
      $0.objective.preservation = .output
    }
    let twice = try ladder { $0.batchSize = 6 }
    #expect(kept.steps.map(\.estimate.steps) == twice.steps.map(\.estimate.steps))
  }

  @Test("Each rung needs less memory and more time than the one before")
  func order() throws {
    let steps = try ladder().steps
    #expect(
      steps.map(\.rung) == [
        MemoryRung(nil), MemoryRung(.feedForward), MemoryRung(.blocks),
      ] + [0.25, 0.5, 0.75, 1].map { MemoryRung(.blocks, .offloaded, offloadedShare: $0) })
    for (one, next) in zip(steps, steps.dropFirst()) {
      #expect(one.estimate.steps > next.estimate.steps && one.relativeTime < next.relativeTime)
    }
  }

  @Test("The fastest rung within the budget is chosen, and the last if none is")
  func choice() throws {
    for (index, step) in try ladder().steps.enumerated() {
      let megabytes = step.estimate.peak / (1 << 20) + 1
      let chosen = try ladder { $0.memory = "\(megabytes)MB" }.start
      #expect(chosen <= index)
      let less = try ladder { $0.memory = "\(megabytes - 2)MB" }
      #expect(less.start > index || index == less.steps.count - 1)
    }
    #expect(try ladder { $0.memory = "100MB" }.start == 6)
    #expect(try ladder().start == 0)
  }

  @Test("Options that are set stay")
  func given() throws {
    #expect(try rung { $0.gradientCheckpointing = true } == MemoryRung(.blocks))
    #expect(
      try rung {
        $0.gradientCheckpointing = false
        $0.memory = "100MB"
      } == MemoryRung(nil))
    #expect(
      try rung { $0.checkpointingExtent = .feedForward } == MemoryRung(.feedForward))
    for weights in [FrozenWeights.int8, .fp8, .offloaded] {
      #expect(try rung { $0.frozenWeights = weights } == MemoryRung(.blocks, weights))
    }
    #expect(
      try rung {
        $0.frozenWeights = .offloaded
        $0.memory = "1GB"
      } == MemoryRung(.blocks, .offloaded, offloadedShare: 0.25))
    #expect(
      try rung {
        $0.frozenWeights = .offloaded
        $0.offloadedShare = 0.3
      } == MemoryRung(.blocks, .offloaded, offloadedShare: 0.3))
    #expect(
      try rung {
        $0.frozenWeights = .resident
        $0.memory = "100MB"
      } == MemoryRung(.blocks))
  }

  @Test("After the first step weights are not rounded any more, and rounded ones stay")
  func rounded() throws {
    let all = try ladder()
    let rungs = [
      MemoryRung(.blocks), MemoryRung(.blocks, .int8), MemoryRung(.blocks, .offloaded),
    ]
    let ladder = MemoryLadder(
      budget: 0,
      steps: rungs.map { .init(rung: $0, estimate: all.steps[0].estimate, relativeTime: 1) },
      start: 0, savesMeanwhile: false, process: 0)
    #expect(ladder.next(after: rungs[0], atStep: 0) == rungs[1])
    #expect(ladder.next(after: rungs[1], atStep: 0) == rungs[2])
    #expect(ladder.next(after: rungs[0], atStep: 1) == rungs[2])
    #expect(ladder.next(after: rungs[1], atStep: 1) == nil)
    #expect(ladder.next(after: rungs[0], atStep: 1, lowering: \.samples) == nil)
    #expect(throws: TorchError.self) { try ladder.checkTrial(peak: 1) }
    try ladder.checkTrial(peak: 0)
  }

  @Test("Without another budget, what is drawn and saved does not change the rung of a resume")
  func resumed() throws {
    let recorded = try training.setup(TinyTraining.config { $0.memory = "100MB" }).config
    #expect(MemoryRung(recorded) == MemoryRung(.blocks, .offloaded))
    let other = try training.setup(TinyTraining.config { $0.memory = "1GB" })
    #expect(MemoryRung(other.config) == MemoryRung(nil))
    #expect(MemoryRung(other.resuming(recorded).config) == MemoryRung(recorded))
    #expect(MemoryRung(other.onRung(of: recorded).config) == MemoryRung(recorded))
    let given = try training.setup(TinyTraining.config { $0.gradientCheckpointing = false })
    #expect(MemoryRung(given.resuming(recorded).config) == MemoryRung(nil))
    #expect(
      MemoryRung(given.resuming(recorded, ranOutOfMemory: true).config) == MemoryRung(recorded))
    var allowing = given
    allowing.allowedChanges = ["gradient_checkpointing"]
    #expect(
      MemoryRung(allowing.resuming(recorded, ranOutOfMemory: true).config) == MemoryRung(nil))
  }

  @Test("Offloaded weights may change on a resume, and rounded ones may not")
  func resumeRules() {
    func differences(_ old: FrozenWeights?, _ new: FrozenWeights?) -> [String] {
      var (before, after) = (TinyTraining.config(), TinyTraining.config())
      (before.frozenWeights, after.frozenWeights) = (old, new)
      after.offloadedShare = new == .offloaded ? 0.5 : nil
      return after.differencesForbiddenOnResume(from: before).map(\.key)
    }
    #expect(differences(nil, .offloaded).isEmpty && differences(.offloaded, nil).isEmpty)
    #expect(differences(nil, .int8) == ["frozen_weights"])
    #expect(differences(.int8, .offloaded) == ["frozen_weights"])
    #expect(differences(.int8, .fp8) == ["frozen_weights"])
  }

  @Test("A run is the same in every rung but for rounding, and its rungs are exact")
  func equal() throws {
    var losses: [[Double]] = []
    var run = 0
    for step in try ladder().steps {
      let config = TinyTraining.config {
        $0.checkpointingExtent = step.rung.checkpointing
        $0.gradientCheckpointing = step.rung.checkpointing != nil
        if step.rung.weights != .resident {
          $0.frozenWeights = step.rung.weights
          $0.offloadedShare = step.rung.offloadedShare
        }
      }
      let (_, events) = try training.train(run: run + 1, config)
      losses.append(events.steps.map(\.loss))
      try training.train(run: run + 2, config, stoppedAfter: [2, 4])
      #expect(try training.adapterHash(run + 1) == training.adapterHash(run + 2))
      run += 2
    }
    for other in losses.dropFirst() {
      #expect(zip(other, losses[0]).allSatisfy { abs($0 - $1) <= 1e-5 * $1 })
    }
    for run in [7, 9, 11, 13] {
      #expect(try training.adapterHash(run) == training.adapterHash(5))
    }
  }

  @Test(
    "8-bit weights change losses a little, and a resume is exact",
    arguments: [
      FrozenWeights.int8, .fp8,
    ])
  func quantized(weights: FrozenWeights) throws {
    let (_, plain) = try training.train(run: 1)
    let config = TinyTraining.config { $0.frozenWeights = weights }
    let (_, events) = try training.train(run: 2, config)
    let losses = zip(events.steps, plain.steps).map { $0.loss / $1.loss - 1 }
    #expect(losses.contains { $0 != 0 } && losses.allSatisfy { abs($0) < 0.05 })
    try training.train(run: 3, config, stoppedAfter: [2, 4])
    #expect(try training.adapterHash(2) == training.adapterHash(3))
  }

  @Test("An unknown size is refused", arguments: ["8", "8 TB", "-1GB", "GB", "1MB", "1e400GB"])
  func sizes(text: String) { #expect(MemorySize(text) == nil) }

  @Test("Sizes are those of graphics cards")
  func sizeNames() {
    #expect(MemorySize("8GB")?.bytes == 8 << 30 && MemorySize("8 gib")?.bytes == 8 << 30)
    #expect(MemorySize("6500mb")?.bytes == 6500 << 20 && MemorySize("7.5G")?.bytes == 15 << 29)
    #expect(MemorySize(bytes: 15 << 29).description == "7.5 GiB")
  }
}
