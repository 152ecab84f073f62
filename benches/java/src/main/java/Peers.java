import com.sun.management.OperatingSystemMXBean;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;

/**
 * One consumer of a topic, as the Rust program's are: it reads a number of records and prints CPU in
 * microseconds a record, 0, its peak memory in KiB, and records a second. The first half of the records
 * warms the machine up and is not counted.
 */
public final class Peers {
    private static long wanted;
    private static long pause;
    private static final AtomicLong seen = new AtomicLong();
    private static volatile long cpu;
    private static volatile long begun;
    /** The partition whose records take 20 s, and are not counted; none where it is -1. */
    private static int slow = -1;

    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[1];
        String topic = arguments[2];
        String group = arguments[3];
        wanted = Long.parseLong(arguments[4]);
        pause = arguments.length > 5 ? Long.parseLong(arguments[5]) : 0;
        slow = arguments.length > 6 ? Integer.parseInt(arguments[6]) : -1;
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers,
                ConsumerConfig.GROUP_ID_CONFIG, group,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        switch (arguments[0]) {
            case "KafkaConsumer" -> plain(settings, topic);
            case "spring" -> spring(settings, topic);
            case "parallel" -> parallel(settings, topic);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void plain(Map<String, Object> settings, String topic) {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
        consumer.subscribe(List.of(topic));
        while (true) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
            records.forEach(record -> handle(record.partition()));
            consumer.commitAsync();
        }
    }

    private static void spring(Map<String, Object> settings, String topic) {
        ContainerProperties properties = new ContainerProperties(topic);
        properties.setMessageListener((MessageListener<byte[], byte[]>) record -> handle(record.partition()));
        ConcurrentMessageListenerContainer<byte[], byte[]> container = new ConcurrentMessageListenerContainer<>(
                new DefaultKafkaConsumerFactory<>(settings), properties);
        container.setConcurrency(4);
        container.start();
    }

    private static void parallel(Map<String, Object> settings, String topic) {
        ParallelConsumerOptions<byte[], byte[]> options = ParallelConsumerOptions.<byte[], byte[]>builder()
                .ordering(ProcessingOrder.KEY)
                .maxConcurrency(100)
                .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .consumer(new KafkaConsumer<>(settings))
                .ignoreReflectiveAccessExceptionsForAutoCommitDisabledCheck(true)
                .build();
        ParallelStreamProcessor<byte[], byte[]> processor =
                ParallelStreamProcessor.createEosStreamProcessor(options);
        processor.subscribe(List.of(topic));
        processor.poll(context -> handle(context.getSingleConsumerRecord().partition()));
    }

    private static void handle(int partition) {
        try {
            if (partition == slow) {
                Thread.sleep(20_000);
                return;
            }
            if (pause > 0) {
                Thread.sleep(pause);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
        long now = seen.incrementAndGet();
        if (now == wanted / 2) {
            cpu = cpuNanos();
            begun = System.nanoTime();
        } else if (now == wanted) {
            long counted = wanted - wanted / 2;
            double micros = (cpuNanos() - cpu) / 1_000.0 / counted;
            double rate = counted * 1e9 / (System.nanoTime() - begun);
            System.out.println(micros + " 0 " + peak() + " " + rate);
            Runtime.getRuntime().halt(0);
        }
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static String peak() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .findFirst()
                    .orElse("0");
        } catch (java.io.IOException error) {
            return "0";
        }
    }
}
