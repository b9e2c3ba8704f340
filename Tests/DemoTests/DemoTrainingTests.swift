import DemoScores
import NN
import Testing
import Training

/// Trains the demo model with fixed seeds, to prove that training works and does not only run.
@Suite("Training teaches the subject")
struct DemoTrainingTests {
  /// Draws sixteen pictures on backgrounds that no training image has.
  private func draw(_ config: inout TrainingConfig) {
    config.optimization.learningRate = 3e-3
    config.priorImages = 6
    config.priorBatchSize = 1
    config.samplePrompts = SubjectAppearance.dhoni.testBackgrounds.prefix(4)
      .map(SubjectAppearance.dhoni.prompt(on:))
    config.sampleSeeds = [1, 2, 3, 4]
    config.sampleSteps = 15
    config.sampleEvery = config.steps
    config.validateEvery = config.steps
  }

  @Test("in 400 steps, validation loss falls by two fifths and the subject appears in new settings")
  func teaches() throws {
    let training = try DemoTraining {
      $0.steps = 400
      draw(&$0)
    }
    let losses = try training.train()
    #expect(losses.map(\.step) == [0, 400])
    #expect(losses[1].loss < 0.6 * losses[0].loss, "\(losses)")
    #expect(try training.recognised(step: 0) == 0)
    #expect(try training.recognised(step: 400) >= 5)
  }

  @Test("with learning rate 0 nothing changes: neither the loss nor any picture")
  func learningRateZero() throws {
    // At this rate all steps are equal, so a tenth of them is enough.
    let training = try DemoTraining {
      $0.steps = 40
      draw(&$0)
      $0.optimization.learningRate = 0
    }
    let losses = try training.train()
    #expect(losses[1].loss == losses[0].loss)
    #expect(try training.recognised(step: 40) == 0)
    #expect(try training.samples(step: 40) == training.samples(step: 0))
  }

  @Test(
    "far too long on three images, validation loss falls and then rises, which shows over-fitting")
  func overfits() throws {
    let training = try DemoTraining(images: 3) {
      $0.steps = 300
      $0.priorImages = 0
      $0.optimization.learningRateSchedule = .constant
      $0.validateEvery = 50
    }
    let losses = try training.train()
    #expect(losses.map(\.step) == Array(stride(from: 0, through: 300, by: 50)))
    let best = try #require(losses.min { $0.loss < $1.loss })
    #expect((50...200).contains(best.step), "\(losses)")
    #expect(best.loss < 0.9 * losses[0].loss, "\(losses)")
    #expect(losses[losses.count - 1].loss > 1.1 * best.loss, "\(losses)")
  }
}
