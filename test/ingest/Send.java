import java.util.List;
import java.util.Properties;
import java.util.Scanner;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Apache's own producer: sends each line of its input to a topic, once with each codec, whose name takes the place of CODEC in it.
 * Run as `java -cp <jars> Send.java <brokers> <topic> <codec> ...`.
 */
class Send {
  public static void main(String[] arguments) {
    List<String> lines = new Scanner(System.in).useDelimiter("\n").tokens().toList();
    Properties settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("linger.ms", "100");
    for (int n = 2; n < arguments.length; n++) {
      String codec = arguments[n];
      settings.put("compression.type", codec);
      try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
        for (String line : lines) producer.send(new ProducerRecord<>(arguments[1], line.replace("CODEC", codec)));
      }
    }
  }
}
