import Foundation
import NN
import Options
import TestSupport
import Testing

@testable import Training

@Suite("Options that exclude each other")
struct CombinationTests {
  @Test(
    "An option that does not go with another one is an error, which says why",
    arguments: [
      (
        "optimizer: prodigy\nembedding_tokens: 2\nembedding_learning_rate: 1e-3",
        "embedding_learning_rate is 0.001, but must be null with prodigy, which finds the rate "
          + "itself (prodigy_d_coef scales it)."
      ),
      (
        "train_text_encoders: both\ntext_encoder_stop_at: 1.5",
        "text_encoder_stop_at is 1.5, but must be a whole number up to 10000000, or a share below 1."
      ),
      (
        "train_text_encoders: both\ntext_encoder_stop_at: 1e19",
        "text_encoder_stop_at is 1e+19, but must be a whole number up to 10000000, or a share "
          + "below 1."
      ),
      (
        "train_text_encoders: both\ntrain_unet: false\ntext_encoder_stop_at: 3",
        "text_encoder_stop_at is 3.0, but must be null, since train_unet is false."
      ),
      (
        "ema: 0.9\nembedding_tokens: 2",
        "embedding_tokens is 2, but must be null with ema, since the vectors of a word have no "
          + "average."
      ),
      (
        "preservation: output\ntrain_text_encoders: both",
        "train_text_encoders is both, but must be null with preservation output, whose target has "
          + "the base model's texts."
      ),
      (
        "preservation: output\nembedding_tokens: 2",
        "embedding_tokens is 2, but must be null with preservation output, whose target has the "
          + "base model's texts."
      ),
      (
        "train_unet: false",
        "train_unet is false, but must be true unless train_text_encoders or embedding_tokens is "
          + "set."
      ),
      (
        "adapter: dora\nadapter_initialization: kaiming",
        "adapter_initialization is kaiming, but must be null with dora, since only a LoRA has a "
          + "choice."
      ),
      (
        "adapter: loha\nadapter_initialization: gaussian",
        "adapter_initialization is gaussian, but must be null with loha, since only a LoRA has a "
          + "choice."
      ),
      (
        "adapter: lokr\nadapter_initialization: pissa",
        "adapter_initialization is pissa, but must be null with lokr, since only a LoRA has a "
          + "choice."
      ),
      (
        "adapter: loha\nlora_plus_ratio: 16",
        "lora_plus_ratio is 16.0, but must be null with loha, which has no up matrix."
      ),
      (
        "adapter: lokr\nlora_plus_ratio: 16",
        "lora_plus_ratio is 16.0, but must be null with lokr, which has no up matrix."
      ),
      (
        "optimizer: prodigy\nlora_plus_ratio: 16",
        "lora_plus_ratio is 16.0, but must be null with prodigy, which finds one rate for all "
          + "matrices."
      ),
      (
        "optimizer: prodigy\nlayer_rates: {mid_block: 0.5}",
        "layer_rates is [mid_block=0.5], but must be empty with prodigy, which finds one rate for "
          + "all layers."
      ),
      (
        "train_unet: false\nembedding_tokens: 2\ninit_lora: a.safetensors",
        "init_lora is \"a.safetensors\", but must be null, since only the vectors of a word are "
          + "trained."
      ),
      (
        "optimizer: adamw-schedule-free\nscale_weight_norms: 1",
        "scale_weight_norms is 1.0, but must be null with the optimizer adamw-schedule-free, whose "
          + "averages it would not limit."
      ),
      (
        "adapter_initialization: pissa\nscale_weight_norms: 1",
        "scale_weight_norms is 1.0, but must be null with the initialization pissa, whose first "
          + "matrices are not small."
      ),
    ])
  func refused(yaml: String, expected: String) {
    expectRefusal(of: yaml, expected)
  }

  @Test(
    "The error has the value as it is written in a file",
    arguments: [
      (
        "optimizer: prodigy\ntrain_text_encoders: both\ntext_encoder_learning_rate: 1e-4",
        "text_encoder_learning_rate is 0.0001, but must be null with prodigy, which finds the rate "
          + "itself (prodigy_d_coef scales it)."
      ),
      (
        "train_text_encoders: 1\ntext_encoder_learning_rate: 1e-3,1e-4",
        "text_encoder_learning_rate is 0.001,0.0001, but must be one number unless "
          + "train_text_encoders is both."
      ),
      (
        "text_encoder_learning_rate: 1e-3,1e-4",
        "text_encoder_learning_rate is 0.001,0.0001, but must be one number unless "
          + "train_text_encoders is both."
      ),
      (
        "preservation: output\ntrain_text_encoders: 1",
        "train_text_encoders is 1, but must be null with preservation output, whose target has "
          + "the base model's texts."
      ),
      (
        "optimizer: adamw-schedule-free\nlearning_rate_schedule: cosine-with-restarts",
        "learning_rate_schedule is cosine-with-restarts, but must be constant with "
          + "adamw-schedule-free, which needs no schedule."
      ),
      (
        "gradient_checkpointing: false\ncheckpointing_extent: feed-forward",
        "checkpointing_extent is feed-forward, but must be null if gradient_checkpointing is false."
      ),
    ])
  func values(yaml: String, expected: String) {
    expectRefusal(of: yaml, expected)
  }

  @Test(
    "Options of adapters that change nothing are noted",
    arguments: [
      ("", []), ("lokr_factor: 2\nadapter: lokr", []),
      ("lokr_factor: 2", ["`lokr_factor` has no effect, since only the adapter lokr uses it"]),
      (
        "train_unet: false\ntrain_text_encoders: 1\nlayer_ranks: {mid_block: 4}\nrank: 8",
        ["`layer_ranks` has no effect, since `train_unet` is false"]
      ),
      (
        "train_unet: false\nembedding_tokens: 2\nrank: 8\nadapter: dora",
        ["adapter", "rank"].map {
          "`\($0)` has no effect, since only the vectors of a word are trained"
        }
      ),
    ])
  func withoutEffect(yaml: String, expected: [String]) throws {
    #expect(try TrainingConfig.reading(yaml).adapterWithoutEffect.map { "\($0)" } == expected)
  }

  @Test("A pattern that matches no layer of a text encoder is named before the training")
  func textTarget() throws {
    let config = TinyTraining.config {
      ($0.text.trainTextEncoders, $0.text.textEncoderTargets) = (.first, ["q_prj"])
    }
    #expect(throws: AdapterError.noSuchTarget("q_prj")) { try TinyTraining().setup(config) }
  }

  @Test("LoRA+ raises the rate of the up matrices of the UNet and of text encoders")
  func upMatrices() throws {
    let training = try TinyTraining()
    let setup = try training.setup(
      TinyTraining.config {
        ($0.text.trainTextEncoders, $0.optimization.loraPlusRatio) = (.first, 4)
        $0.text.textEncoderLearningRate = EncoderRates("0.5")
      })
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let rates = try #require(
      AdapterTraining(setup, data: data, from: nil).advance(checkStop: {}).learningRates)
    #expect(rates.keys.sorted() == ["text_encoder", "text_encoder up", "unet", "unet up"])
    #expect(rates["text_encoder up"] == 4 * (rates["text_encoder"] ?? 0))
    #expect(rates["unet up"] == 4 * (rates["unet"] ?? 0))
  }

  @Test("A misspelt name of a choice lists all names")
  func names() throws {
    var count = 0
    for option in TrainingConfig.schema.options {
      guard case .choice(let names) = option.kind else { continue }
      count += 1
      #expect {
        try TrainingConfig.reading("\(option.key): nonsense")
      } throws: { error in
        names.allSatisfy { "\(error)".contains($0) } ? true : Issue.record("\(error)") != nil
      }
    }
    #expect(count > 15)
  }

  @Test(
    "Combinations close to those are allowed",
    arguments: [
      "optimizer: prodigy\ntrain_text_encoders: both",
      "train_text_encoders: both\ntext_encoder_learning_rate: 1e-3,1e-4",
      "train_text_encoders: 1\ntext_encoder_learning_rate: 1e-3",
      "train_text_encoders: 2\ntext_encoder_stop_at: 0.5",
      "train_text_encoders: 2\ntext_encoder_stop_at: 3",
      "embedding_tokens: 2\ntext_encoder_stop_at: 1",
      "ema: 0.9\ntrain_text_encoders: both",
      "preservation: output",
      "preservation: images\ntrain_text_encoders: both\nembedding_tokens: 2",
      "train_unet: false\ntrain_text_encoders: 2",
      "train_unet: false\nembedding_tokens: 2",
      "adapter: rslora\nadapter_initialization: pissa",
      "adapter: dora\nlora_plus_ratio: 16",
      "adapter_initialization: kaiming\nscale_weight_norms: 1",
    ])
  func allowed(yaml: String) {
    #expect(throws: Never.self) { try TrainingConfig.reading(yaml) }
  }
}
