import Options
import Training

/// A set of training options to start from.
package struct TrainingRecipe: Sendable {
  package let name: String
  /// What it is for, one sentence.
  package let help: String
  /// The options by their keys.
  package let values: [(key: String, value: String)]

  /// The recipes, the usual one first.
  package static let all: [TrainingRecipe] = {
    let schema = TrainingConfig.schema
    let (steps, rank, rate) = (
      schema.key(of: \.$steps), schema.key(of: \.$rank), schema.key(of: \.$learningRate)
    )
    let (shape, warmUp) = (
      schema.key(of: \.$learningRateSchedule), schema.key(of: \.$learningRateWarmupSteps)
    )
    let (checkpoints, samples) = (
      schema.key(of: \.$checkpointEvery), schema.key(of: \.$sampleEvery)
    )
    return [
      TrainingRecipe(
        name: "Usual", help: "For 10 to 30 images of a person, an animal or a thing.",
        values: [
          (steps, "1500"), (rank, "16"), (rate, "0.0001"), (checkpoints, "250"), (samples, "250"),
        ]),
      TrainingRecipe(
        name: "First look", help: "A third of the steps, to see whether the images work.",
        values: [
          (steps, "500"), (rank, "8"), (rate, "0.0001"), (checkpoints, "100"), (samples, "100"),
        ]),
      TrainingRecipe(
        name: "Thorough", help: "More steps and a higher rank, with a rate that falls to 0.",
        values: [
          (steps, "3000"), (rank, "32"), (rate, "0.0001"), (shape, "cosine"), (warmUp, "100"),
          (checkpoints, "250"), (samples, "250"),
        ]),
    ]
  }()
}
