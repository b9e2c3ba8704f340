import Datasets
import Options
import StableDiffusion

/// The sample prompts of a resolved configuration.
enum SamplePrompts {
  /// Prompts that are cut, and words in them that are read as letters.
  static func problems(_ config: TrainingConfig, _ tokenizer: CLIPTokenizer) -> [DatasetProblem] {
    guard config.sampleEvery > 0 else { return [] }
    let cut = config.samplePrompts.compactMap { prompt in
      DatasetProblem.truncation(
        of: "the sample prompt", prompt, [], by: tokenizer, maxTokens: config.maxCaptionTokens)
    }
    let markup = PromptMarkup.found(in: config.samplePrompts)
      .map { DatasetProblem([], $0.problem(in: "the sample prompt")) }
    return cut + markup
  }
}
