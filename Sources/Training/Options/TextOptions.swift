package import Drawing
package import Options

/// Which text encoders are trained beside the UNet, and how.
package struct TextOptions: OptionPart {
  package typealias Option<Value: OptionValue> = TrainingConfig.Option<Value>

  /// The most vectors of a word in each text encoder.
  static let mostTokens = 8

  @Option(
    .text,
    "Text encoders that get adapters too: 1, 2 or both. Captions are then encoded in every step, by encoders "
      + "that stay in memory.",
    value: "which", unset: "none", resume: .never,
    check: { choice, config in
      choice == nil || !config.preservesOutput
        ? nil : "null with `preservation` output, whose target has the base model's texts"
    })
  package var trainTextEncoders: TextEncoderChoice? = nil
  @Option(
    .text, "Layers of the text encoders with an adapter: parts of a layer's path, as in `targets`.",
    Allowed("a list of layer names such as [q_proj, fc1]") { !$0.isEmpty && !$0.contains("") },
    value: "layer", resume: .never)
  package var textEncoderTargets: [String] = ["q_proj", "k_proj", "v_proj", "out_proj"]
  @Option(
    .text,
    "Peak learning rate of the text encoders' adapters: one number, or one for each encoder with a comma "
      + "between them.", value: "x", unset: "`learning_rate`",
    check: { rates, config in
      guard let rates else { return nil }
      if let problem = config.optimization.rateProblem { return "null \(problem)" }
      return rates.rates.count != 2 || config.text.trainTextEncoders == .both
        ? nil : "one number unless `train_text_encoders` is both"
    })
  package var textEncoderLearningRate: EncoderRates? = nil
  @Option(
    .text,
    "Number of steps after which the text encoders, and the vectors of `embedding_tokens`, stay as they are. "
      + "Below 1: a share of all steps.",
    .positive, value: "n", unset: "they are trained to the end",
    check: { stop, config in
      if stop != nil, !config.text.trainUnet { return "null, since `train_unet` is false" }
      return stop.map { $0 < 1 || $0 == $0.rounded() && $0 <= 10_000_000 } != false
        ? nil : "a whole number up to 10000000, or a share below 1"
    })
  package var textEncoderStopAt: Double? = nil
  @Option(
    .text,
    "Number of vectors that the subject's word gets in each text encoder and that are trained (textual "
      + "inversion).", .in(1...TextOptions.mostTokens), value: "n",
    unset: "the word is read as letters", resume: .never,
    check: { count, config in
      guard count != nil else { return nil }
      if config.optimization.ema != nil {
        return "null with `ema`, since the vectors of a word have no average"
      }
      return config.preservesOutput
        ? "null with `preservation` output, whose target has the base model's texts" : nil
    })
  package var embeddingTokens: Int? = nil
  @Option(
    .text, "Words whose vectors those of `embedding_tokens` start from.", value: "words",
    unset: "the class_word in subject.yaml, else random vectors", resume: .never)
  package var embeddingInit: String? = nil
  @Option(
    .text, "Peak learning rate of the vectors of `embedding_tokens`.", .notNegative, value: "x",
    unset: "`learning_rate`",
    check: { rate, config in
      rate == nil ? nil : config.optimization.rateProblem.map { "null \($0)" }
    })
  package var embeddingLearningRate: Double? = nil
  @Option(
    .text, "Train adapters of the UNet. Otherwise only the text side is trained.", resume: .never,
    check: { trains, config in
      trains || config.text.trainTextEncoders != nil || config.text.embeddingTokens != nil
        ? nil : "true unless `train_text_encoders` or `embedding_tokens` is set"
    })
  package var trainUnet: Bool = true
}

/// Text encoders that are trained.
package enum TextEncoderChoice: String, ConfigChoice, CaseIterable {
  case first = "1"
  case second = "2"
  case both
}

/// A learning rate for all text encoders, or one for each.
package struct EncoderRates: TextOption, CustomStringConvertible {
  package static let form =
    "a number of at least 0, or two with a comma between them, as in 1e-5,5e-6"

  /// One or two.
  package let rates: [Double]

  package init?(_ text: String) {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.filter { $0 != " " }) }
    self.init(numbers)
  }

  private init?(_ numbers: [Double?]) {
    let rates = numbers.compactMap(\.self).filter { $0 >= 0 && $0.isFinite }
    guard rates.count == numbers.count, (1...2).contains(rates.count) else { return nil }
    self.rates = rates
  }

  package var text: String { rates.map(\.text).joined(separator: ",") }

  package var description: String { text }

  /// Reads a number, a text or a list of numbers.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let read: EncoderRates?
    do {
      read = Self(try container.decode(String.self))
    } catch {
      read = Self(try container.decode([Double].self).map { $0 })
    }
    guard let read else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.form)
    }
    self = read
  }
}

extension OptionSection {
  package static let text = OptionSection("Text encoders")
}
