import Datasets
import Options
import StableDiffusion

/// The sample prompts of a resolved configuration.
enum SamplePrompts {
  /// Prompts that are cut, words in them that are read as letters, and names of files.
  static func problems(_ config: TrainingConfig, _ tokenizer: CLIPTokenizer) -> [DatasetProblem] {
    guard config.sampleEvery > 0 else { return [] }
    let cut = config.samplePrompts.compactMap { prompt in
      DatasetProblem.truncation(
        of: "the sample prompt", prompt, [], by: tokenizer, maxTokens: config.maxCaptionTokens)
    }
    let markup = PromptMarkup.found(in: config.samplePrompts)
      .map { DatasetProblem([], $0.problem(in: "the sample prompt") + advice($0)) }
    let files = config.samplePrompts.filter(isFileName).map {
      DatasetProblem(
        [],
        "the sample prompt \"\($0)\" is the name of a file, which is not read; give the prompts in it to "
          + "`sample_prompts`")
    }
    return cut + markup + files
  }

  /// The options for what other programs set in a prompt.
  private static func advice(_ markup: PromptMarkup) -> String {
    markup.kind == .option
      ? "; `sample_steps`, `sample_guidance` and `sample_seeds` set those of samples" : ""
  }
}
