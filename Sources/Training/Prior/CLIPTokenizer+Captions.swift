public import Datasets
public import StableDiffusion

extension CLIPTokenizer: CaptionTokenizer {
  /// Tokens of a whole text, without the start and end tokens.
  public func tokenCount(of text: String) -> Int { tokens(of: text).count }

  /// The end of a text, which does not fit into `maxTokens` tokens.
  public func truncatedText(of text: String, maxTokens: Int) -> String? {
    encode(text, maxTokens: maxTokens).truncatedText
  }
}
