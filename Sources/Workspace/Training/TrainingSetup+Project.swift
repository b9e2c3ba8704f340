import Datasets
import Files
import Foundation
import Ranks
import StableDiffusion
import Training

extension TrainingSetup {
  /// Reads and checks everything that a training in a project folder needs, and reports problems of the dataset.
  static func opened(
    _ config: TrainingConfig, keepsSteps: Bool, allowing allowedChanges: Set<String>,
    ranks: RankGroup?, in project: ProjectFolder, report: @escaping WorkspaceReport
  ) throws -> TrainingSetup {
    var config = try ranks.map(config.placed) ?? config
    let dataset = try Dataset.load(
      directory: URL(filePath: config.datasetPath), subject: config.subject,
      emptyCaptions: config.emptyCaptions)
    let models = BaseModels(project, report: report)
    let name = try config.model ?? models.standardName()
    config.model = name
    let model = try models.open(name)
    var setup = try TrainingSetup(
      config: config, dataset: dataset, model: model, caches: project.caches
    ) { problem in report(.note("\(problem)")) }
    if let adapter = setup.initialAdapter { report(.note(adapter.summary)) }
    setup.allowedChanges = allowedChanges
    setup.keepsSteps = keepsSteps
    return try ranks.map(setup.joining) ?? setup
  }
}
