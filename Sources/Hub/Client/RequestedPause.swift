import Foundation
import NIOHTTP1

/// The pause that an answer asks for before the next request.
enum RequestedPause {
  /// `Retry-After` (RFC 9110, 10.2.3: seconds or a date), or the seconds until the Hub's rate limit is
  /// lifted (`RateLimit: "api";r=0;t=55`, draft-ietf-httpapi-ratelimit-headers); nil without either.
  static func read(_ headers: HTTPHeaders, now: Date = .now) -> Duration? {
    if let text = headers.first(name: "Retry-After")?.trimmingCharacters(in: .whitespaces) {
      if let seconds = Int(text) { return .seconds(max(0, seconds)) }
      return date(text).map { .seconds(max(0, $0.timeIntervalSince(now))) }
    }
    guard let limit = headers.first(name: "RateLimit") else { return nil }
    let fields = limit.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    return fields.first { $0.hasPrefix("t=") }.flatMap { Int($0.dropFirst(2)) }.map {
      .seconds(max(0, $0))
    }
  }

  /// A date in the form that servers send: `Sun, 06 Nov 1994 08:49:37 GMT`.
  private static func date(_ text: String) -> Date? {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: text)
  }
}
