public import Datasets
public import StableDiffusion

extension CLIPTokenizer: CaptionTokenizer {
  /// The number of tokens of a text, without the start and end tokens.
  public func tokenCount(of text: String) -> Int { tokens(of: text).count }

  /// The end of a text beyond `maxTokens` tokens; nil if all of it fits.
  public func truncatedText(of text: String, maxTokens: Int) -> String? {
    encode(text, maxTokens: maxTokens).truncatedText
  }
}
