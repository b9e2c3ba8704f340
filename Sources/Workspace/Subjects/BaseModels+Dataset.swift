package import Datasets
import Foundation
import Options
import StableDiffusion
package import Training

extension BaseModels {
  /// The report on the dataset of a configuration, as its base model would see it. Images are not decoded.
  /// Throws `DatasetError`, `ConfigError`, `BaseModelError` and errors of the model's files.
  package func datasetReport(_ config: TrainingConfig) throws -> DatasetReport {
    let survey = try Dataset.survey(
      directory: URL(filePath: config.datasetPath), subject: config.subject,
      emptyCaptions: config.emptyCaptions)
    let model = try open(config.model ?? standardName())
    return try DatasetReport(
      survey, config: config.datasetOptions, resolution: config.resolution(for: model),
      tokenizer: model.loadTokenizer())
  }
}
